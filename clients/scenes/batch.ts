// A client stream of items, worked on several at a time; the answer says which of them failed.
import { client, fail, find, make, SERVICE, say } from './scene.js';

interface BatchResult {
  readonly processedCount?: number;
  readonly successCount?: number;
  readonly failedCount?: number;
  readonly failedIds?: readonly string[];
}

/** Bytes travel as base64 in JSON. */
function base64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''));
}

async function process(lines: readonly string[], type: string): Promise<BatchResult> {
  const call = client.call<BatchResult & Record<string, unknown>>(`${SERVICE}/ProcessBatch`);
  for (const [at, line] of lines.entries()) await call.send({ id: String(at + 1), type, data: base64(line) });
  await call.end();
  return await call.result();
}

function show(lines: readonly string[], result: BatchResult): void {
  const failed = new Set(result.failedIds ?? []);
  const { processedCount = 0, successCount = 0, failedCount = 0 } = result;
  find('result', HTMLElement).textContent =
    `${processedCount} processed: ${successCount} succeeded, ${failedCount} failed`;
  const rows = lines.map((line, at) => {
    const id = String(at + 1);
    const isFailed = failed.has(id);
    return make(
      'tr',
      {},
      make('td', {}, id),
      make('td', {}, line),
      make('td', { class: isFailed ? 'bad' : 'good' }, isFailed ? 'failed' : 'succeeded'),
    );
  });
  find('rows', HTMLElement).replaceChildren(...rows);
}

find('batch', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  const lines = find('items', HTMLTextAreaElement)
    .value.split('\n')
    .filter((line) => line !== '');
  say(`processing ${lines.length} items`);
  process(lines, find('type', HTMLSelectElement).value).then((result) => {
    show(lines, result);
    say('done');
  }, fail);
});
