// Makes the pictures of the page in docs/images/, which the README shows: `npm run build`, then
// `node --import=./test/support/typescript/register.mjs scripts/page-images.mjs`. It starts the core and the gateway of dist/, and takes the views with
// Chromium (Debian's, or the one that CHROMIUM names). Look at them before you commit them. With `--all FOLDER` it takes each view in each size and scheme
// into that folder, `--browser firefox` with Firefox, and `--only NAME` one view.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { launch } from 'puppeteer-core';
import { openTickService, tickProto } from '../test/clients/playground/tick-service.ts';
import { VIEWS } from './page-views.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const SIZES = {
  desktop: { width: 1280, height: 860 },
  phone: { width: 390, height: 844 },
  scene: { width: 960, height: 640 },
};
/** A view that takes longer is broken. */
const VIEW_MS = 60_000;

const { values } = parseArgs({
  options: { all: { type: 'string' }, browser: { type: 'string' }, only: { type: 'string' } },
});
const isFirefox = values.browser === 'firefox';
const folder = values.all ?? join(root, 'docs', 'images');
const work = mkdtempSync(join(tmpdir(), 'sluice-images-'));
const file = join(work, 'harbour.jpg');
const ends = [() => rmSync(work, { recursive: true, force: true })];
try {
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, Buffer.alloc(3_500_000, 'Sluice'));
  const ticks = await openTickService({ teardown: (end) => ends.push(end) });
  const urls = {
    core: await start('start', '--core-listen', '127.0.0.1:0', '--data-dir', join(work, 'data')),
    ticks: await start(
      'gateway',
      '--upstream',
      ticks.address,
      '--proto',
      tickProto,
      '--proto-path',
      join(root, 'proto'),
    ),
  };
  for (const scheme of ['light', 'dark']) {
    const browser = await open(scheme);
    try {
      for (const view of VIEWS) await takeAll(browser, urls, view, scheme);
    } finally {
      await browser.close();
    }
  }
} finally {
  for (const end of ends.reverse()) await end();
}

/** Starts a command of dist/ and returns the address that its gateway listens at. */
async function start(...line) {
  const server = spawn(
    process.execPath,
    [join(root, 'dist/bin/sluice.js'), ...line, '--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  ends.push(async () => {
    server.kill('SIGKILL');
    await new Promise((resolve) => server.once('exit', resolve));
  });
  for await (const text of createInterface({ input: server.stdout })) {
    const { msg, url } = JSON.parse(text);
    if (msg !== 'gateway listening') continue;
    server.stdout.resume();
    return url;
  }
  throw new Error('the gateway did not start');
}

function open(scheme) {
  if (!isFirefox) {
    const args = ['--no-sandbox', '--disable-gpu'];
    return launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args });
  }
  // Firefox takes no such wish for a page.
  const extraPrefsFirefox = { 'layout.css.prefers-color-scheme.content-override': scheme === 'dark' ? 0 : 1 };
  const executablePath = process.env.FIREFOX ?? '/usr/bin/firefox-esr';
  return launch({ browser: 'firefox', executablePath, headless: true, extraPrefsFirefox });
}

async function takeAll(browser, urls, view, scheme) {
  if (values.only !== undefined && values.only !== view.name) return;
  if (values.all === undefined) {
    if (scheme === view.scheme) await take(browser, urls, view, { size: view.size, scheme, name: view.name });
    return;
  }
  for (const size of [view.size === 'phone' ? 'desktop' : view.size, 'phone'])
    await take(browser, urls, view, { size, scheme, name: `${view.name}-${size}-${scheme}` });
}

async function take(browser, urls, { at, act, service = 'core' }, { size, scheme, name }) {
  const tabs = [];
  const openTab = async (where) => {
    const page = await browser.newPage();
    tabs.push(page);
    page.setDefaultTimeout(VIEW_MS);
    await page.setViewport({ ...SIZES[size], deviceScaleFactor: 1 });
    if (!isFirefox) await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    await page.goto(`${urls[service]}/${where}`);
    return page;
  };
  try {
    const page = await openTab(at);
    for (const one of act) await one({ page, openTab, file });
    await new Promise((resolve) => setTimeout(resolve, 500));
    const path = join(folder, `${name}.png`);
    await page.screenshot({ path });
    process.stdout.write(`${name}\n`);
  } catch (reason) {
    process.stdout.write(`${name}: ${reason}\n`);
  } finally {
    for (const tab of tabs) await tab.close().catch(() => {});
  }
}
