// Makes the pictures of the page in docs/images/, which the README shows: `npm run build`, then `node scripts/page-images.mjs`. It starts the core and the
// gateway of dist/, and takes the views with Chromium (Debian's, or the one that CHROMIUM names). Look at them before you commit them.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { launch } from 'puppeteer-core';

const root = fileURLToPath(new URL('..', import.meta.url));
const images = join(root, 'docs', 'images');
const DESKTOP = { width: 1280, height: 860 };
const PHONE = { width: 390, height: 844 };
const SERVICE = '#/streaming.StreamingService/';

/** What is seen: a method, what is done there, and how long its messages are waited for. */
const VIEWS = [
  {
    file: 'page-form.png',
    method: 'GetStockPrices',
    size: DESKTOP,
    scheme: 'light',
    press: ['Call'],
    waitMs: 6_000,
  },
  {
    file: 'page-chart.png',
    method: 'GetStockPrices',
    size: DESKTOP,
    scheme: 'dark',
    press: ['Call', 'Chart'],
    waitMs: 25_000,
    show: '.plot',
  },
  {
    file: 'page-chat.png',
    method: 'Chat',
    size: DESKTOP,
    scheme: 'light',
    press: ['Send', 'Send'],
    waitMs: 1_500,
    show: '.virtual',
  },
  {
    file: 'page-phone.png',
    method: 'GetStockPrices',
    size: PHONE,
    scheme: 'light',
    press: ['Call'],
    waitMs: 4_000,
    show: '.virtual',
  },
];

const dataDir = mkdtempSync(join(tmpdir(), 'sluice-images-'));
const server = spawn(
  process.execPath,
  [
    join(root, 'dist/bin/sluice.js'),
    'start',
    '--listen',
    '127.0.0.1:0',
    '--core-listen',
    '127.0.0.1:0',
    '--admin-listen',
    '127.0.0.1:0',
    '--data-dir',
    dataDir,
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
let browser;
try {
  const url = await addressOf(server);
  mkdirSync(images, { recursive: true });
  browser = await launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: ['--no-sandbox', '--disable-gpu'],
  });
  for (const view of VIEWS) await take(browser, url, view);
} finally {
  await browser?.close();
  server.kill();
  await new Promise((resolve) => server.once('exit', resolve));
  rmSync(dataDir, { recursive: true, force: true });
}

/** The address that the gateway says it listens at. */
async function addressOf({ stdout }) {
  for await (const line of createInterface({ input: stdout })) {
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (url !== undefined && /page|gateway listening/.test(line)) {
      stdout.resume();
      return url;
    }
  }
  throw new Error('the gateway did not start');
}

async function take(browser, url, { file, method, size, scheme, press, waitMs, show }) {
  const page = await browser.newPage();
  await page.setViewport({ ...size, deviceScaleFactor: 1 });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  await page.goto(`${url}/${SERVICE}${method}`);
  await page.waitForSelector('article');
  for (const name of press) {
    await page.$eval(`::-p-xpath(//main//button[.="${name}"])`, (one) => one.click());
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  await new Promise((resolve) => setTimeout(resolve, waitMs));
  if (show !== undefined) await page.$eval(show, (one) => one.scrollIntoView({ block: 'center' }));
  await new Promise((resolve) => setTimeout(resolve, 500));
  await page.screenshot({ path: join(images, file) });
  await page.close();
}
