import { createPauseGate } from '../call/pause-gate.js';
import type { CallTypes } from '../schema/page-schema.js';
import type { MethodEntry } from '../schema/services.js';
import { button, element } from '../view/element.js';
import { sha256Of, toldChecksum } from './checksum.js';
import { downloadAddress, uploadAddress } from './file-address.js';
import { canChoosePlace, saveFile } from './save-file.js';
import { type FileTransfer, sendFile } from './send-file.js';
import { createTransferLine } from './transfer-line.js';
import { amountText } from './transfer-rate.js';

export interface FilePartOptions {
  readonly method: MethodEntry;
  readonly types: CallTypes | undefined;
  readonly gatewayAddress: string;
  /** What the form says, as ProtoJSON; undefined where it cannot be sent, which the form shows. */
  readonly readRequest: () => unknown;
  readonly readHeaders: () => Record<string, string> | undefined;
}

export interface FilePart {
  readonly root: HTMLElement;
  close(): void;
}

/** Files as files, beside the messages: chosen or dropped and sent as bytes, or saved to disk as they come. Undefined for methods that have none. */
export function createFilePart(options: FilePartOptions): FilePart | undefined {
  const { method, types, gatewayAddress } = options;
  if (!method.file) return undefined;
  const line = createTransferLine();
  const gate = createPauseGate();
  let running: FileTransfer | undefined;
  const buttons: HTMLElement[] = [];

  const asked = () => {
    const request = options.readRequest();
    const headers = options.readHeaders();
    if (typeof request !== 'object' || request === null || headers === undefined) return undefined;
    return { request: request as Record<string, unknown>, headers };
  };
  const cancel = button('Cancel the transfer', { class: 'small', disabled: true }, () => running?.cancel());
  const pause = button('Pause the transfer', { class: 'small', disabled: true }, () => {
    if (gate.closed) gate.open();
    else gate.close();
    pause.textContent = gate.closed ? 'Go on' : 'Pause the transfer';
  });
  const run = async (begin: () => FileTransfer, told: (answer: unknown) => Promise<string>) => {
    gate.open();
    pause.textContent = 'Pause the transfer';
    try {
      running?.cancel();
      const transfer = begin();
      running = transfer;
      cancel.disabled = false;
      pause.disabled = false;
      line.end(await told(await transfer.done), true);
    } catch (reason) {
      line.end(reason instanceof Error ? reason.message : String(reason), false);
    }
    cancel.disabled = true;
    pause.disabled = true;
  };

  const save = () => {
    const given = asked();
    if (given === undefined) return;
    let saved = 0;
    const begin = () => {
      const { path, ...how } = downloadAddress(method, given.request);
      const name = decodeURIComponent(path.split('?')[0]?.split('/').at(-1) || 'download');
      line.begin(`Saving ${name}`, undefined);
      const onProgress = (bytes: number) => {
        saved = bytes;
        line.moved(bytes);
      };
      const url = `${gatewayAddress}${path}`;
      return saveFile({ url, ...how, headers: given.headers, name, onProgress, passed: gate.passed });
    };
    void run(begin, async () => `Saved: ${amountText(saved)}.`);
  };
  const send = (file: File) => {
    const given = asked();
    if (given === undefined) return;
    const dataField = types?.input.fields.find(({ scalar }) => scalar === BYTES)?.jsonName;
    const begin = () => {
      const { path, httpMethod } = uploadAddress(method, given.request, dataField);
      line.begin(`Sending ${file.name}`, file.size);
      const url = `${gatewayAddress}${path}`;
      return sendFile({ url, httpMethod, headers: given.headers, file, onProgress: line.moved });
    };
    void run(begin, async (answer) => {
      const told = toldChecksum(answer);
      const own = told === undefined ? undefined : await sha256Of(file);
      if (own !== undefined && own !== told) throw new Error('the checksums differ: send it again');
      const compared = own === undefined ? '' : ' The checksums are equal.';
      return `Sent: ${amountText(file.size)}.${compared} ${JSON.stringify(answer)}`;
    });
  };

  const root = element('div', { class: 'files' });
  if (method.kind === 'server_stream' || method.kind === 'unary') {
    const title = canChoosePlace() ? 'You choose where' : 'The browser saves it once it is whole';
    buttons.push(button('Save to disk', { title }, save), pause);
  } else {
    const input = element('input', { type: 'file', 'aria-label': 'A file to send' });
    input.addEventListener('change', () => {
      const [file] = input.files ?? [];
      if (file !== undefined) send(file);
      // The same file can be chosen again.
      input.value = '';
    });
    root.addEventListener('dragover', (event) => event.preventDefault());
    root.addEventListener('drop', (event) => {
      event.preventDefault();
      const [file] = event.dataTransfer?.files ?? [];
      if (file !== undefined) send(file);
    });
    buttons.push(
      element('label', { class: 'choose' }, element('span', {}, 'Send a file, or drop one here'), input),
    );
  }
  root.append(...buttons, cancel, line.root);
  return {
    root,
    close() {
      running?.cancel();
      gate.end();
    },
  };
}

/** `ScalarType.BYTES` of the descriptors. */
const BYTES = 12;
