// Files as bytes: an upload with progress, a checksum that is compared, and downloads by a plain link.
import { fail, find, GATEWAY, make, say } from './scene.js';

interface Stored {
  readonly name: string;
  readonly bytes: number;
  readonly checksum: string;
}

const SHELF = 'sluice shelf';
const progress = find('progress', HTMLProgressElement);
const rate = find('rate', HTMLOutputElement);
let running: XMLHttpRequest | undefined;

const addressOf = (name: string) => `${GATEWAY}/v1/files/shelf/${encodeURIComponent(name)}`;

function shelf(): Stored[] {
  try {
    return JSON.parse(localStorage.getItem(SHELF) ?? '[]') as Stored[];
  } catch {
    return [];
  }
}

function show(): void {
  const rows = shelf().map(({ name, bytes, checksum }) =>
    make(
      'tr',
      {},
      make('td', {}, name),
      make('td', { class: 'number' }, bytes.toLocaleString()),
      make('td', { title: checksum }, `${checksum.slice(0, 16)}…`),
      make('td', {}, make('a', { href: addressOf(name), download: name }, 'Download')),
    ),
  );
  find('shelf', HTMLElement).replaceChildren(...rows);
}

/** Sends a file as it is. The browser reads it piece by piece, so it need not fit into memory. */
function upload(file: File): Promise<{ totalBytes: string; checksum: string }> {
  const request = new XMLHttpRequest();
  running = request;
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    request.upload.addEventListener('progress', ({ loaded, total }) => {
      const perSecond = loaded / Math.max(0.001, (performance.now() - begun) / 1_000);
      progress.value = total === 0 ? 1 : loaded / total;
      const left = Math.ceil((total - loaded) / Math.max(1, perSecond));
      rate.textContent = `${(perSecond / 1e6).toFixed(1)} MB a second, ${left} s left`;
    });
    request.addEventListener('load', () => {
      if (request.status === 200) resolve(JSON.parse(request.responseText));
      else reject(new Error(`HTTP ${request.status}: ${request.responseText}`));
    });
    request.addEventListener('error', () => reject(new Error('the connection was lost')));
    request.addEventListener('abort', () => reject(new Error('cancelled')));
    request.open('PUT', addressOf(file.name));
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.send(file);
  });
}

/** Browsers hash only what is in memory, and only on secure pages: a larger file is not compared. */
async function checksumOf(file: File): Promise<string | undefined> {
  if (crypto.subtle === undefined || file.size > 256e6) return undefined;
  const hash = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function send(file: File): Promise<void> {
  say(`uploading ${file.name}`);
  try {
    const { totalBytes, checksum } = await upload(file);
    progress.value = 1;
    rate.textContent = '';
    const own = await checksumOf(file);
    if (own !== undefined && own !== checksum) throw new Error('the checksums differ: upload it again');
    const others = shelf().filter(({ name }) => name !== file.name);
    localStorage.setItem(
      SHELF,
      JSON.stringify([{ name: file.name, bytes: Number(totalBytes), checksum }, ...others]),
    );
    show();
    say(own === undefined ? `stored ${file.name}` : `stored ${file.name}: the checksums are equal`);
  } catch (reason) {
    fail(reason instanceof Error ? reason.message : reason);
  }
}

find('send', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  const [file] = find('file', HTMLInputElement).files ?? [];
  if (file !== undefined) void send(file);
});
find('cancel', HTMLButtonElement).addEventListener('click', () => running?.abort());
show();
