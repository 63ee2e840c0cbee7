import type { Browser } from 'puppeteer-core';
import type { Test } from 'tap';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { openRelay } from '../relay.js';
import { clientFolder, openPage, run } from './sdk-page.js';

const numbers = Array.from({ length: 200 }, (_, at) => at + 1);

/** What `call` does in a page to which no WebSocket gets through. */
export async function checkFallback(t: Test, browser: Browser): Promise<void> {
  const pageDir = await clientFolder(t);
  for (const upgrades of [403, 'swallow'] as const) {
    const name = `where upgrades are answered with ${upgrades}, a page goes on by HTTP`;
    await t.test(name, async (t) => {
      const items = await Promise.all(numbers.map((number) => bytes({ text: `ä ${number}`, number })));
      const ask = [
        { headers: [['shard', '7']] },
        { in: 'end' },
        { out: await bytes({ number: 1 }) },
      ] as const;
      let calls = 0;
      const { url, upstream } = await openForeign(
        t,
        {
          Ask: ask,
          Numbered() {
            calls += 1;
            const outs = items.map((out) => ({ out }));
            return calls === 1
              ? [{ in: 'end' }, ...outs.slice(0, 100), { wait: new Promise(() => undefined) }]
              : [{ in: 'end' }, ...outs.slice(100)];
          },
        },
        { pageDir },
      );
      const relay = await openRelay(t, url);
      relay.onUpgrade(upgrades);
      const page = await openPage(t, browser, relay.url);
      const first = await run<unknown>(
        page,
        `globalThis.client = createClient({
           metadata: { authorization: 'Bearer t', who: 'ada' },
           session: { reconnectBaseMs: 120_000, reconnectMaxMs: 120_000, fallbackAfterMs: 500 },
         });
         const call = client.call(given.ask, { request: {} });
         const answer = await call.result();
         const { status, message } = await client.call(given.both).status;
         globalThis.stream = client.call(given.numbered, { request: {}, reconnectBaseMs: 1 });
         globalThis.taken = [];
         for (let n = 0; n < 100; n += 1) taken.push((await stream.messages.next()).value.number);
         return { answer, headers: await call.headers, status, message };`,
        { ask: method('Ask'), both: method('Both'), numbered: method('Numbered') },
      );
      t.match(first, {
        answer: { number: 1 },
        headers: { shard: '7' },
        status: 'UNAVAILABLE',
        message: `WebSockets to ${relay.url} are blocked: client and bidi streams need one`,
      });
      const { metadata } = await upstream.call(method('Ask'));
      t.ok(metadata.some(([name, value]) => name === 'authorization' && value === 'Bearer t'));
      t.ok(metadata.some(([name, value]) => name === 'who' && value === 'ada'));
      relay.cut();
      const taken = await run<number[]>(
        page,
        'for await (const { number } of stream.messages) taken.push(number); return taken;',
      );
      t.same(taken, numbers);
    });
  }
}
