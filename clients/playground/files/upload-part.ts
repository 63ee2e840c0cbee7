import { fromBinary, toJson } from '@bufbuild/protobuf';
import { metadataOf } from '../json/request-input.js';
import type { CallTypes } from '../schema/page-schema.js';
import { element } from '../view/element.js';
import { toldChecksum } from './checksum.js';
import type { FilePart, FilePartOptions } from './file-options.js';
import { createTransferControls } from './transfer-controls.js';
import { amountText } from './transfer-rate.js';
import { openUpload, type UploadAnswer } from './upload-call.js';
import { createUploadMessages } from './upload-messages.js';

/** Sends a file, chosen or dropped, as the messages of a method. */
export function createUploadPart(
  { method, gatewayAddress, readGiven }: FilePartOptions,
  types: CallTypes,
  dataPath: string,
): FilePart {
  const transfers = createTransferControls();
  const send = (file: File) => {
    const given = readGiven();
    if (given === undefined) return;
    const begin = () => {
      const messages = createUploadMessages(types.input, dataPath, given.request, file.type);
      transfers.line.begin(`Sending ${file.name}`, file.size);
      return openUpload({
        gatewayAddress,
        path: method.path,
        metadata: metadataOf(given.headers),
        file,
        messages,
        onProgress: transfers.line.moved,
        passed: transfers.passed,
      });
    };
    void transfers.run(begin, (answer) => `Sent: ${amountText(file.size)}.${endText(answer, types)}`);
  };
  const input = element('input', { type: 'file', 'aria-label': 'A file to send' });
  input.addEventListener('change', () => {
    const [file] = input.files ?? [];
    if (file !== undefined) send(file);
    // The same file can be chosen again.
    input.value = '';
  });
  const root = element(
    'div',
    { class: 'files' },
    element('label', { class: 'choose' }, element('span', {}, 'Send a file, or drop one here'), input),
    ...transfers.nodes,
  );
  root.addEventListener('dragover', (event) => event.preventDefault());
  root.addEventListener('drop', (event) => {
    event.preventDefault();
    const [file] = event.dataTransfer?.files ?? [];
    if (file !== undefined) send(file);
  });
  return { root, close: transfers.close };
}

/** What the service answered, and whether it has what was sent. Throws where it has something else. */
function endText({ data, checksum }: UploadAnswer, { output }: CallTypes): string {
  if (data === undefined) return '';
  let answer: unknown;
  try {
    answer = toJson(output, fromBinary(output, data));
  } catch {
    // An Any of a type that nobody has told of.
    return ' The answer cannot be shown.';
  }
  const told = toldChecksum(answer);
  if (told !== undefined && told !== checksum) throw new Error('the checksums differ: send it again');
  return `${told === undefined ? '' : ' The checksums are equal.'} ${JSON.stringify(answer)}`;
}
