import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'puppeteer-core';
import type { Test } from 'tap';

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

/**
 * A headless browser with an empty profile that talks to nobody but the page. Whoever opens it closes it. `acceptInsecureCerts`: it takes a certificate that
 * nobody knows. `downloads`: the folder where it saves files, without asking.
 */
export async function openBrowser(
  name: BrowserName,
  { acceptInsecureCerts = false, downloads }: { acceptInsecureCerts?: boolean; downloads?: string } = {},
): Promise<Browser> {
  const executablePath = fileOf(name);
  if (executablePath === undefined) throw new Error(String(whyNot(name)));
  const common = { executablePath, headless: true, timeout: START_MS, acceptInsecureCerts };
  if (name === 'firefox')
    return await launch({
      ...common,
      browser: 'firefox',
      extraPrefsFirefox: downloads === undefined ? {} : savingTo(downloads),
    });
  return await launch({
    ...common,
    browser: 'chrome',
    ...(downloads !== undefined && {
      downloadBehavior: { policy: 'allow' as const, downloadPath: downloads },
    }),
    // It ends when this process does, however that ends; otherwise a test that is killed leaves it at work.
    pipe: true,
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

function savingTo(folder: string): Record<string, unknown> {
  return {
    'browser.download.folderList': 2,
    'browser.download.dir': folder,
    'browser.download.useDownloadDir': true,
    'browser.download.always_ask_before_handling_new_types': false,
    'browser.download.alwaysOpenPanel': false,
  };
}

/** How long a browser may take to start on a machine that is busy. */
const START_MS = 120_000;

/** How long a page may take for any one thing: only for what hangs. */
const PAGE_MS = 60_000;

/** How often a tab is tried, and how often a page is loaded. */
const TRIES = 5;

/** A new tab. Firefox (153 ESR) now and then loses one while it opens it, when others open and close beside it; that is said as "no such frame". */
export async function openTab(browser: Browser): Promise<Page> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const page = await browser.newPage();
      page.setDefaultTimeout(PAGE_MS);
      return page;
    } catch (reason) {
      if (attempt === TRIES || !/no such frame/.test(String(reason))) throw reason;
    }
  }
}

/** How long the network of this machine gets to come to rest. */
const REST_MS = 500;

/**
 * Goes to a page whose module this is. Chromium gives up what it is fetching when an address of the machine comes or goes: another test has made
 * a network of its own, a container was started. Then the page is loaded again; whatever else keeps the module away is a failure.
 */
export async function goTo(t: Test, page: Page, url: string, module: string): Promise<void> {
  const failures: string[] = [];
  page.on('requestfailed', (request) => failures.push(`${request.url()}: ${request.failure()?.errorText}`));
  for (let attempt = 1; ; attempt += 1) {
    try {
      await page.goto(url);
      await page.evaluate(`import('${module}').then(() => undefined)`);
      return;
    } catch (reason) {
      await new Promise((resolve) => setTimeout(resolve, REST_MS));
      const said = [String(reason), ...failures.splice(0)].join(', ');
      if (attempt === TRIES || !said.includes('ERR_NETWORK_CHANGED')) throw new Error(said);
      t.comment(`the page is loaded again: ${said}`);
    }
  }
}
