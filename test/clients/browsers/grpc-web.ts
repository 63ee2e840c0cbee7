import type { Browser } from 'puppeteer-core';
import type { Test } from 'tap';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { until } from '../../support/http.js';
import type { Step } from '../../support/scripted-upstream.js';
import { openBundle } from './bundled-page.js';
import type { SeenByPage } from './grpc-web-bundle.js';

/** Google's client in a page of another origin: unary calls in both of its modes, streams in the one that has them. */
export async function checkGrpcWeb(t: Test, browser: Browser): Promise<void> {
  const page = await openBundle(t, browser, 'grpc-web-bundle.ts');
  const items = await Promise.all(['a', 'b'.repeat(90_000), 'ä'].map((text) => bytes({ text })));
  const head: Step[] = [{ in: 'end' }, { headers: [['shard', '7']] }];
  const ended: Step = { status: 'OK', trailers: [['cost', '3']] };
  const failed: Step = { status: 'NOT_FOUND', message: 'näh', trailers: [['cost', '4']] };
  const script = (outs: readonly Uint8Array[]) => (metadata: readonly (readonly [string, string])[]) => {
    const how = metadata.find(([name]) => name === 'how')?.[1];
    if (how === 'early') return [{ in: 'end' as const }, failed];
    if (how === 'endless') return [...head, { out: items[0] as Uint8Array, times: 10_000_000 }];
    return [...head, ...outs.map((out) => ({ out })), how === 'late' ? failed : ended];
  };
  const scripts = { Ask: script(items.slice(0, 1)), Down: script(items) };
  const { url, upstream, gateway } = await openForeign(t, scripts, { allowOrigins: [page.origin] });
  const asked = [...(await bytes({ text: 'who?' }))];
  const call = (format: string, name: string, how: string) =>
    page.call<SeenByPage>('callOf', url, format, name, asked, { how });
  const lists = items.map((item) => [...item]);
  for (const [format, name, messages] of [
    ['binary', 'Ask', lists.slice(0, 1)],
    ['text', 'Ask', lists.slice(0, 1)],
    ['text', 'Down', lists],
  ] as const) {
    const what = `${name}, ${format}`;
    t.match(await call(format, name, 'whole'), { messages, header: '7', trailer: '3', code: 0 }, what);
    t.match(
      await call(format, name, 'early'),
      { messages: [], code: 5, text: 'näh' },
      `${what}: early failure`,
    );
  }
  t.match(await call('text', 'Down', 'late'), { messages: lists, code: 5, text: 'näh' }, 'a late failure');
  t.same(
    (await upstream.call(method('Ask'))).received.map((message) => [...message]),
    [asked],
  );
  t.equal(await page.call<number>('leave', url, { how: 'endless' }), 10);
  await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
  const last = upstream.calls(method('Down')).at(-1);
  await last?.over;
  t.ok(last?.cancelled, 'a page that leaves a stream cancels its call');
}
