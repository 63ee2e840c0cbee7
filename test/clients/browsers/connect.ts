import type { Browser } from 'puppeteer-core';
import type { Test } from 'tap';
import { bytes, method, openForeign, statusBytes } from '../../support/foreign.js';
import { until } from '../../support/http.js';
import type { Step } from '../../support/scripted-upstream.js';
import { openBundle } from './bundled-page.js';
import type { Played } from './connect-bundle.js';

/** The published clients in a page of another origin, which asks before each call. */
export async function checkConnect(t: Test, browser: Browser): Promise<void> {
  const page = await openBundle(t, browser, 'connect-bundle.ts');
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
  const { url, upstream, gateway } = await openForeign(t, scripts, { allowOrigins: [page.origin] });
  for (const name of ['connect', 'grpc-web'] as const) {
    for (const isBinary of [true, false]) {
      await t.test(`${name}, ${isBinary ? 'binary' : 'JSON'}`, async (t) => {
        const played = await page.call<Played>('play', url, name, isBinary);
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
      t.equal(await page.call<number>('leave', url, name), 10);
      await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
      const last = upstream.calls(method('Down')).at(-1);
      await last?.over;
      t.ok(last?.cancelled);
    });
  }
  const [first] = upstream.calls(method('Ask'));
  t.ok(first?.metadata.some(([name, value]) => name === 'who' && value === 'ada'));
}
