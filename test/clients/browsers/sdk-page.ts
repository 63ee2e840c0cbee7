import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'puppeteer-core';
import type { Test } from 'tap';
import { transpile } from '../transpiled.js';
import { goTo, openTab } from './open-browser.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
// The scripts of the repository are JavaScript without types.
const { bundleClient } = (await import(
  new URL('../../../scripts/bundle-client.mjs', import.meta.url).href
)) as {
  bundleClient(root: string, out: string): Promise<void>;
};

const CLIENT = '/_sluice/page/browser/index.js';

/**
 * Runs the body of an async function in the page, with `createClient` and `given` at hand. It is text because it has the browser's
 * globals and types, not those of this process.
 */
export function run<Value>(page: Page, body: string, given: unknown = {}): Promise<Value> {
  return page.evaluate(`(async (given) => {
    const { createClient } = await import('${CLIENT}');
    ${body}
  })(${JSON.stringify(given)})`) as Promise<Value>;
}

/** A folder with the client as a gateway serves it to pages, one file, and an empty page. */
export async function clientFolder(t: Test): Promise<string> {
  const built = t.testdir();
  for (const part of ['retry', 'browser']) transpile(`clients/${part}`, built);
  await bundleClient(ROOT, built);
  mkdirSync(join(built, 'clients', 'playground'));
  writeFileSync(join(built, 'clients', 'playground', 'index.html'), '<!doctype html><title>empty</title>');
  return join(built, 'clients');
}

/** A tab with the empty page; what the page throws fails the test. */
export async function openPage(t: Test, browser: Browser, url: string): Promise<Page> {
  const page = await openTab(browser);
  t.teardown(() => page.close().catch(() => undefined));
  page.on('pageerror', (error) => {
    // Firefox also says in this way that an EventSource could not reconnect, and that a WebSocket was given up.
    if (
      !/^(Error: )?(Firefox can.t establish|The connection to wss?:\S+ was interrupted)/.test(String(error))
    )
      t.fail(`the page threw ${error}`);
  });
  page.on('requestfailed', (request) => t.comment(`${request.url()}: ${request.failure()?.errorText}`));
  await goTo(t, page, url, CLIENT);
  return page;
}
