import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Browser, Page } from 'puppeteer-core';
import type { Test } from 'tap';
import { openGateway } from '../../../gateway/index.js';
import { openCore } from '../../../grpc-core/index.js';
import { closeInTeardown } from '../../support/given-back.js';
import { settled } from '../../support/http.js';
import { builtPage } from '../playground/built-page.js';
import { openShelfService, shelfProto } from '../playground/shelf-service.js';
import { goTo, openTab } from './open-browser.js';
import { BLOCKED_PATH, openPageOf, schemaOf, until } from './open-page.js';
import { partsOf } from './page-parts.js';

const log = pino({ level: 'silent' });
const BYTES = 3_000_000;
const LARGE_BYTES = 210 * 1024 * 1024;

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
export async function checkFiles(t: Test, browser: Browser, downloads: string): Promise<void> {
  const pageDir = await builtPage(t);
  await t.test('up and down', (t) => sendAndSave(t, browser, pageDir));
  await t.test('an upload is held, goes on, and is cancelled', (t) => holdUpload(t, browser, pageDir));
  await t.test('without a place on disk', (t) => saveByBrowser(t, browser, pageDir, downloads));
}

const choose = async (page: Page, file: string) => {
  const input = await page.waitForSelector('.files input[type=file]');
  await (input as unknown as { uploadFile(...files: string[]): Promise<void> }).uploadFile(file);
};

/** Waits until this is said of the transfer. */
const saidIn = (page: Page, pattern: string) =>
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

/** A file of so many bytes that are not all the same. */
function fileOf(t: Test, name: string, bytes: number): { file: string; sha256: string } {
  const file = join(t.testdir({}), name);
  const hash = createHash('sha256');
  const piece = Buffer.alloc(1_000_003);
  const out = openSync(file, 'w');
  for (let at = 0; at < bytes; at += piece.length) {
    piece.fill(`${at} Sluice `);
    const part = piece.subarray(0, Math.min(piece.length, bytes - at));
    hash.update(part);
    writeSync(out, part);
  }
  closeSync(out);
  return { file, sha256: hash.digest('hex') };
}

async function holdUpload(t: Test, browser: Browser, pageDir: string): Promise<void> {
  const { address, seen } = await openShelfService(t);
  const schema = await schemaOf(shelfProto);
  const { page } = await openPageOf(t, browser, { pageDir, upstream: address, schema });
  const { open, click, fill, text } = partsOf(page);
  const large = fileOf(t, 'large.bin', LARGE_BYTES);
  await open('Put');
  await fill('Request as JSON', '{"about":{"name":"a shelf"}}');
  const before = memoryOf(browser);
  await choose(page, large.file);
  await until(() => seen.received > 4_000_000);
  await click('Pause the transfer');
  await saidIn(page, '^Paused after ');
  const held = await settled(() => seen.received);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  t.equal(seen.received, held, 'the service gets nothing while it is held');
  t.ok(held < LARGE_BYTES, `${held} bytes`);
  t.match(await text('.transfer .quiet'), / of 220\.2 MB/);
  await click('Go on');
  await saidIn(page, '^Sent: 220.2 MB. The checksums are equal');
  t.match(await text('.transfer [role=status]'), large.sha256);
  t.match(await text('.transfer [role=status]'), 'a shelf', 'what the file is came before it');
  t.equal(seen.received, LARGE_BYTES);
  if (before !== undefined) {
    // What it has read is garbage, which a browser collects when it likes; a page that kept the file would never come down to this.
    let grown = Number.POSITIVE_INFINITY;
    await until(() => {
      grown = (memoryOf(browser) ?? 0) - before;
      return grown < LARGE_BYTES / 2;
    });
    t.comment(`the browser grew by ${grown} bytes`);
  }

  await choose(page, large.file);
  await until(() => seen.received > LARGE_BYTES + 4_000_000);
  await click('Pause the transfer');
  await saidIn(page, '^Paused after ');
  await click('Cancel the transfer');
  await saidIn(page, '^cancelled');
  await until(() => seen.cancelled === 1);
  t.ok(seen.received < 2 * LARGE_BYTES, 'a part, and the service knows that it is one');

  await open('PutBody');
  await fill('Request as JSON', '{}');
  await choose(page, fileOf(t, 'empty.txt', 0).file);
  await saidIn(page, '^Sent: 0 bytes. The checksums are equal');
  t.match(await text('.transfer [role=status]'), 'text/plain', 'the type of the file is said');

  // As where a proxy lets no WebSocket through.
  await page.evaluate(`globalThis.WebSocket = class extends WebSocket {
    constructor(url, protocols) { super(url.replace('/_sluice/session', '${BLOCKED_PATH}'), protocols); }
  }`);
  await choose(page, fileOf(t, 'small.txt', 10).file);
  await saidIn(page, '^no WebSocket to the gateway');
}

/** What the processes of a browser hold for themselves, in bytes; undefined where the machine does not tell. */
function memoryOf(browser: Browser): number | undefined {
  const root = browser.process()?.pid;
  if (root === undefined || !existsSync('/proc/self/status')) return undefined;
  const fieldOf = (pid: string, name: string) => {
    try {
      const [, value = ''] =
        new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
      return Number(value);
    } catch {
      // It has ended.
      return 0;
    }
  };
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const family = new Set([root]);
  for (let size = 0; size < family.size; ) {
    size = family.size;
    for (const pid of pids) if (family.has(fieldOf(pid, 'PPid'))) family.add(Number(pid));
  }
  return [...family].reduce((sum, pid) => sum + fieldOf(String(pid), 'RssAnon') * 1024, 0);
}

async function saveByBrowser(t: Test, browser: Browser, pageDir: string, downloads: string): Promise<void> {
  const { address, seen } = await openShelfService(t);
  const schema = await schemaOf(shelfProto);
  const { page, url } = await openPageOf(t, browser, { pageDir, upstream: address, schema });
  // As in Firefox and Safari.
  await page.evaluate('delete globalThis.showSaveFilePicker');
  const { open, click, fill, shows, text } = partsOf(page);
  await open('Get');
  await fill('Request as JSON', '{"bytes":"0","name":"none.bin"}');
  t.match(await text('.files .way'), /^The browser saves it as it comes/);
  await click('Save to disk');
  await saidIn(page, 'NOT_FOUND: no such shelf');
  t.equal(page.url().split('#')[0], `${url}/`, 'the page stays');
  await fill('Request as JSON', `{"bytes":"${LARGE_BYTES}","name":"large.bin"}`);
  await click('Save to disk');
  await saidIn(page, 'The browser saves large.bin');
  const saved = join(downloads, 'large.bin');
  await until(() => existsSync(saved) && statSync(saved).size === LARGE_BYTES);
  t.ok(seen.sent >= LARGE_BYTES, 'it came from the service');

  await open('Take');
  await fill('Request as JSON', '{"bytes":"3000000","name":"small.bin"}');
  t.match(await text('.files .way'), /in memory until it is whole, 536\.9 MB at most/);
  await click('Save to disk');
  await saidIn(page, '^Saved: 3.0 MB');
  await open('Get');
  await fill('Request as JSON', '{"bytes":"3000000","name":"named.bin"}');
  await page.$eval('details.headers', (one) => {
    (one as unknown as { open: boolean }).open = true;
  });
  await fill('Headers', 'authorization: Bearer x');
  await click('Save to disk');
  await saidIn(page, '^Saved: 3.0 MB');
  await shows('Saved');
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
  closeInTeardown(t, gateway);
  const page = await openTab(browser);
  t.teardown(() => page.close().catch(() => undefined));
  page.on('pageerror', (error) => t.fail(`the page threw ${error}`));
  page.on('console', (line) => {
    if (/Content.Security.Policy/i.test(line.text())) t.fail(line.text());
  });
  await page.evaluateOnNewDocument(PICKER);
  await goTo(t, page, gateway.url, '/_sluice/page/playground/page.js');
  const { open, click, set } = partsOf(page);
  const said = (pattern: string) => saidIn(page, pattern);
  const content = Buffer.alloc(BYTES, 'Sluice ');
  const file = join(folder, 'some file.bin');

  await open('UploadFile');
  await set('filePath', 'shelf/some file.bin');
  await choose(page, file);
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
