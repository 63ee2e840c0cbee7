import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Browser } from 'puppeteer-core';
import type { Test } from 'tap';
import { openTab } from './open-browser.js';

const BUNDLE = '/bundle.js';

/** A page of an origin of its own with modules of this folder in it. */
export interface BundledPage {
  readonly origin: string;
  /** Calls a function of the bundle; what is given and returned is JSON. */
  call<Value>(name: string, ...given: unknown[]): Promise<Value>;
}

/** Opens it; it ends with the test. `entry`: a file of this folder. */
export async function openBundle(t: Test, browser: Browser, entry: string): Promise<BundledPage> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    bundle: true,
    format: 'esm',
    write: false,
  });
  const [bundle] = outputFiles;
  const site = createServer((request, response) => {
    const isBundle = request.url === BUNDLE;
    response.writeHead(200, { 'content-type': isBundle ? 'text/javascript' : 'text/html' });
    response.end(isBundle ? bundle?.contents : '<!doctype html><title>empty</title>');
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    site.closeAllConnections();
    site.close();
  });
  const origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  const page = await openTab(browser);
  t.teardown(() => page.close().catch(() => undefined));
  await page.goto(origin);
  return {
    origin,
    call: <Value>(name: string, ...given: unknown[]) =>
      page.evaluate(
        `import('${BUNDLE}').then((bundle) => bundle.${name}(...${JSON.stringify(given)}))`,
      ) as Promise<Value>,
  };
}
