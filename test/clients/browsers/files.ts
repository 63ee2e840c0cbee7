import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Browser } from 'puppeteer-core';
import type { Test } from 'tap';
import { openGateway } from '../../../gateway/index.js';
import { openCore } from '../../../grpc-core/index.js';
import { builtPage } from '../playground/built-page.js';
import { goTo, openTab } from './open-browser.js';
import { partsOf } from './page-parts.js';

const log = pino({ level: 'silent' });
const BYTES = 3_000_000;

/** In place of the dialog of the browser, which a test cannot operate: what is written is kept. */
const PICKER = `
  globalThis.saved = { name: '', bytes: 0, pieces: 0, isClosed: false, parts: [] };
  globalThis.showSaveFilePicker = async ({ suggestedName }) => {
    saved.name = suggestedName;
    return {
      createWritable: async () => ({
        write: async (piece) => { saved.bytes += piece.length; saved.pieces += 1; saved.parts.push(piece); },
        close: async () => { saved.isClosed = true; },
        abort: async () => { saved.isClosed = false; },
      }),
    };
  };`;

/** Files in the page: sent as bytes with a checksum that is compared, and saved to disk piece by piece. */
export async function checkFiles(t: Test, browser: Browser): Promise<void> {
  const pageDir = await builtPage(t);
  await t.test('up and down', (t) => sendAndSave(t, browser, pageDir));
}

async function sendAndSave(t: Test, browser: Browser, pageDir: string): Promise<void> {
  const folder = t.testdir({ data: {}, 'some file.bin': Buffer.alloc(BYTES, 'Sluice ') });
  const core = await openCore({ listen: '127.0.0.1:0', dataDir: join(folder, 'data'), log });
  t.teardown(() => core.close());
  const gateway = await openGateway({
    upstream: core.address,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    pageDir,
    graceMs: 100,
    log,
  });
  t.teardown(() => gateway.close());
  const page = await openTab(browser);
  t.teardown(() => page.close().catch(() => undefined));
  page.on('pageerror', (error) => t.fail(`the page threw ${error}`));
  page.on('console', (line) => {
    if (/Content.Security.Policy/i.test(line.text())) t.fail(line.text());
  });
  await page.evaluateOnNewDocument(PICKER);
  await goTo(t, page, gateway.url, '/_sluice/page/playground/page.js');
  const { open, click, set } = partsOf(page);
  const said = (pattern: string) =>
    page.waitForFunction(
      (what: string) => {
        const { document } = globalThis as unknown as {
          document: { querySelector(selector: string): { textContent: string } | null };
        };
        return new RegExp(what).test(document.querySelector('.transfer [role=status]')?.textContent ?? '');
      },
      { polling: 50 },
      pattern,
    );
  const content = Buffer.alloc(BYTES, 'Sluice ');
  const file = join(folder, 'some file.bin');

  await open('UploadFile');
  await set('filePath', 'shelf/some file.bin');
  const input = await page.waitForSelector('.files input[type=file]');
  await (input as unknown as { uploadFile(...files: string[]): Promise<void> }).uploadFile(file);
  await said('^Sent: 3.0 MB. The checksums are equal');
  const stored = await fetch(`${gateway.url}/v1/files/shelf/some%20file.bin`);
  t.ok(content.equals(Buffer.from(await stored.arrayBuffer())), 'it arrived as it was');

  await open('DownloadFile');
  await set('filePath', 'shelf/some file.bin');
  await click('Save to disk');
  await said('^Saved: 3.0 MB');
  const saved = (await page.evaluate(`(async () => {
    const bytes = new Uint8Array(await new Blob(saved.parts).arrayBuffer());
    const hash = await crypto.subtle.digest('SHA-256', bytes);
    return { ...saved, parts: 0, hash: [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('') };
  })()`)) as { name: string; bytes: number; pieces: number; isClosed: boolean; hash: string };
  t.match(saved, { name: 'some file.bin', bytes: BYTES, isClosed: true });
  t.ok(saved.pieces > 1, 'piece by piece');
  t.equal(saved.hash, createHash('sha256').update(content).digest('hex'));

  await set('filePath', 'no/such/file');
  await click('Save to disk');
  await said('NOT_FOUND');
  await set('filePath', '');
  await click('Save to disk');
  await said('filePath');
}
