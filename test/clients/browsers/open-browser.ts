import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'puppeteer-core';

// Required, not imported: the test runner's own resolver of imports does not find a file of one of its packages.
const { launch } = createRequire(import.meta.url)('puppeteer-core') as typeof import('puppeteer-core');

export type BrowserName = 'chromium' | 'firefox';

const files = {
  chromium: [process.env.CHROMIUM, '/usr/bin/chromium'],
  firefox: [process.env.FIREFOX, '/usr/bin/firefox-esr'],
};

/** Why a browser's tests cannot run here; false where they can. */
export function whyNot(name: BrowserName): string | false {
  const [given] = files[name];
  if (fileOf(name) !== undefined) return false;
  return given === undefined
    ? `no ${name}: install Debian's package ${name === 'firefox' ? 'firefox-esr' : name} or set ${name.toUpperCase()}`
    : `no ${name} at ${given}`;
}

function fileOf(name: BrowserName): string | undefined {
  const [given, ...usual] = files[name];
  return (given === undefined ? usual : [given]).find((file) => file !== undefined && existsSync(file));
}

/** A headless browser with an empty profile that talks to nobody but the page. Whoever opens it closes it. */
export async function openBrowser(name: BrowserName): Promise<Browser> {
  const executablePath = fileOf(name);
  if (executablePath === undefined) throw new Error(String(whyNot(name)));
  if (name === 'firefox') return await launch({ browser: 'firefox', executablePath, headless: true });
  return await launch({
    browser: 'chrome',
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** How often a tab is tried. */
const TRIES = 3;

/** A new tab. Firefox (153 ESR) now and then loses one while it opens it, when others open and close beside it; that is said as "no such frame". */
export async function openTab(browser: Browser): Promise<Page> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await browser.newPage();
    } catch (reason) {
      if (attempt === TRIES || !/no such frame/.test(String(reason))) throw reason;
    }
  }
}
