import { button, element } from '../view/element.js';
import { downloadAddress } from './file-address.js';
import type { FilePart, FilePartOptions } from './file-options.js';
import { MOST_IN_MEMORY, saveFile, wayToSave } from './save-file.js';
import { createTransferControls } from './transfer-controls.js';
import { amountText } from './transfer-rate.js';

/** What a way to disk means, said before a person takes it. */
const WAYS = {
  place: 'You choose where; it is written as it comes.',
  browser: 'The browser saves it as it comes, and its own list of downloads shows how far.',
  memory: `This browser gives the page no place on disk: the file is in memory until it is whole, ${amountText(MOST_IN_MEMORY)} at most.`,
} as const;

/** Saves what a method answers as a file. */
export function createDownloadPart({ method, gatewayAddress, readGiven }: FilePartOptions): FilePart {
  const transfers = createTransferControls();
  const hasAddress = method.http.some((rule) => rule.startsWith('GET '));
  const usual = wayToSave({ httpMethod: hasAddress ? 'GET' : 'POST', headers: {} });
  const save = () => {
    const given = readGiven();
    if (given === undefined) return;
    let name = '';
    let way = usual;
    const begin = () => {
      const { path, ...how } = downloadAddress(method, given.request);
      const { headers } = given;
      name = decodeURIComponent(path.split('?')[0]?.split('/').at(-1) || 'download');
      way = wayToSave({ ...how, headers });
      transfers.line.begin(`Saving ${name}.${way === usual ? '' : ` ${WAYS[way]}`}`, undefined);
      const url = `${gatewayAddress}${path}`;
      return saveFile({
        url,
        ...how,
        headers,
        name,
        onProgress: transfers.line.moved,
        passed: transfers.passed,
      });
    };
    void transfers.run(begin, (bytes) =>
      way === 'browser'
        ? `The browser saves ${name}: its list of downloads shows how far.`
        : `Saved: ${amountText(bytes)}.`,
    );
  };
  return {
    root: element(
      'div',
      { class: 'files' },
      button('Save to disk', {}, save),
      element('span', { class: 'quiet way' }, WAYS[usual]),
      ...transfers.nodes,
    ),
    close: transfers.close,
  };
}
