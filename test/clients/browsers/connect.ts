import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Browser, Page } from 'puppeteer-core';
import type { Test } from 'tap';
import { bytes, method, openForeign, statusBytes } from '../../support/foreign.js';
import { until } from '../../support/http.js';
import type { Step } from '../../support/scripted-upstream.js';
import type { Played } from './connect-bundle.js';
import { openTab } from './open-browser.js';

const BUNDLE = '/bundle.js';

/** The published clients in a page of another origin, which asks before each call. */
export async function checkConnect(t: Test, browser: Browser): Promise<void> {
  const origin = await openSite(t);
  const item = await bytes({ text: 'pong' });
  const texts = ['a', 'b'.repeat(90_000), 'ä'];
  const outs = await Promise.all(texts.map(async (text): Promise<Step> => ({ out: await bytes({ text }) })));
  const head: Step[] = [{ in: 'end' }, { headers: [['shard', '7']] }];
  const ended: Step = { status: 'OK', trailers: [['cost', '3']] };
  const failure: Step = {
    status: 'RESOURCE_EXHAUSTED',
    message: 'slow dówn',
    details: await statusBytes(8, '', '1.500s'),
    trailers: [['cost', '4']],
  };
  const script = (whole: readonly Step[]) => (metadata: readonly (readonly [string, string])[]) => {
    const names = metadata.map(([name]) => name);
    if (names.includes('fail')) return [...head, failure];
    if (names.includes('wait')) return [{ wait: new Promise(() => {}) }];
    if (names.includes('endless')) return [...head, { out: item, times: 10_000_000 }];
    return [...head, ...whole, ended];
  };
  const scripts = { Ask: script([{ out: item }]), Down: script(outs) };
  const { url, upstream, gateway } = await openForeign(t, scripts, { allowOrigins: [origin] });
  const page = await openTab(browser);
  t.teardown(() => page.close().catch(() => undefined));
  await page.goto(origin);
  for (const name of ['connect', 'grpc-web'] as const) {
    for (const isBinary of [true, false]) {
      await t.test(`${name}, ${isBinary ? 'binary' : 'JSON'}`, async (t) => {
        const played = await call<Played>(page, 'play', url, name, isBinary);
        const failed = { code: 8, message: 'slow dówn', trailer: '4', details: 1 };
        t.same(played, {
          answer: 'pong',
          header: '7',
          trailer: '3',
          texts,
          failures: [failed, failed],
          late: 4,
        });
      });
    }
    await t.test(`${name}: a page that leaves a stream cancels its call`, async (t) => {
      t.equal(await call<number>(page, 'leave', url, name), 10);
      await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
      const last = upstream.calls(method('Down')).at(-1);
      await last?.over;
      t.ok(last?.cancelled);
    });
  }
  const [first] = upstream.calls(method('Ask'));
  t.ok(first?.metadata.some(([name, value]) => name === 'who' && value === 'ada'));
}

/** Calls a function of the bundle in the page. */
function call<Value>(page: Page, name: string, ...given: unknown[]): Promise<Value> {
  return page.evaluate(
    `import('${BUNDLE}').then((bundle) => bundle.${name}(...${JSON.stringify(given)}))`,
  ) as Promise<Value>;
}

/** A page with the clients on a port of its own. Resolves with its origin. */
async function openSite(t: Test): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('./connect-bundle.ts', import.meta.url))],
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
  return `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
}
