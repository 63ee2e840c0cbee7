import t from 'tap';
import { WebSocket } from 'ws';
import { createClient } from '../../../../clients/browser/index.js';
import { openGateway } from '../../../../gateway/index.js';
import { bytes, foreignSchema, method, openForeign } from '../../../support/foreign.js';
import { closeInTeardown } from '../../../support/given-back.js';
import { settled, until } from '../../../support/http.js';

// The browser client was written against the same document by other hands: what both agree on here is the document.

const never = new Promise<never>(() => {});
const name = (method: string) => `foreign.v1.Foreign/${method}`;

interface Item {
  readonly text?: string;
  readonly number?: number;
  readonly [field: string]: unknown;
}

t.test('all four kinds', async (t) => {
  const { url, gateway } = await openForeign(t, {
    Ask: [{ in: 'end' }, { headers: [['h', '1']] }, { out: await bytes({ text: 'yes' }) }],
    Down: [{ in: 'end' }, { out: await bytes({ number: 7 }), times: 100 }],
    Up: [{ in: 'end' }, { out: await bytes({ text: 'stored' }) }],
    Both: [{ echo: true }],
  });
  const client = createClient({ baseUrl: url, WebSocket });
  t.teardown(() => client.close());
  const ask = client.call<Item>(name('Ask'), { request: { text: 'q' } });
  t.same(await ask.result(), { text: 'yes' });
  t.same(await ask.headers, { h: '1' });

  let count = 0;
  for await (const item of client.call<Item>(name('Down'), { request: {} }).messages)
    count += item.number ?? 0;
  t.equal(count, 700);

  const up = client.call<Item>(name('Up'));
  for (let number = 0; number < 200; number += 1) await up.send({ number });
  await up.end();
  t.same(await up.result(), { text: 'stored' });

  const both = client.call<Item>(name('Both'), { credit: 2 });
  const sending = (async () => {
    for (let number = 1; number <= 300; number += 1) await both.send({ number });
    await both.end();
  })();
  let last = 0;
  for await (const { number } of both.messages) {
    if (number !== last + 1) t.fail(`${number} after ${last}`);
    last = number ?? 0;
  }
  await sending;
  t.equal(last, 300);
  t.match(await both.status, { code: 0 });

  const missing = client.call(name('Nope'), { request: {} });
  t.match(await missing.status, { code: 12 });
  client.close();
  await until(t, 'no exchange', () => gateway.openExchanges === 0);
});

t.test('a page that stops taking stops the service; one that leaves the loop cancels it', async (t) => {
  const { url, upstream } = await openForeign(t, {
    Down: [{ in: 'end' }, { out: await bytes({ text: 'x'.repeat(5_000) }), times: 1_000_000 }],
  });
  const client = createClient({ baseUrl: url, WebSocket });
  t.teardown(() => client.close());
  const down = client.call<Item>(name('Down'), { request: {}, credit: 4 });
  const call = await upstream.call(method('Down'));
  const stalled = await settled(() => call.accepted);
  t.ok(stalled < 500, `${stalled} messages were accepted`);
  let taken = 0;
  for await (const _ of down.messages) {
    taken += 1;
    if (taken === 1_000) break;
  }
  await call.over;
  t.ok(call.cancelled);
  t.match(await down.status, { code: 1 });
});

t.test('a gateway that drains: the stream goes on at another, and the page does not notice', async (t) => {
  const numbers = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => ({
      out: await bytes({ text: String(index + 1), number: index + 1 }),
    })),
  );
  const scripts = [
    [{ in: 1 }, ...numbers.slice(0, 10), { wait: never }],
    [{ in: 1 }, ...numbers.slice(10)],
  ];
  const { gateway, url, upstream } = await openForeign(
    t,
    { Numbered: () => scripts.shift() ?? [] },
    { graceMs: 3_000, limits: { retryMs: 100 } },
  );
  const client = createClient({ baseUrl: url, WebSocket });
  t.teardown(() => client.close());
  const stream = client.call<Item>(name('Numbered'), { request: {}, reconnectBaseMs: 20 });
  const got: number[] = [];
  let closing: Promise<void> | undefined;
  for await (const { number } of stream.messages) {
    got.push(number ?? 0);
    if (got.length === 10) {
      closing = gateway.close();
      const next = await openGateway({
        upstream: upstream.target,
        listen: new URL(url).host,
        adminListen: '127.0.0.1:0',
        schema: await foreignSchema(),
        log: (await import('pino')).pino({ level: 'silent' }),
        graceMs: 100,
      });
      closeInTeardown(t, next);
    }
  }
  t.same(
    got,
    Array.from({ length: 20 }, (_, index) => index + 1),
  );
  t.match(await stream.status, { code: 0 });
  await closing;
  t.equal(gateway.openExchanges, 0);
});
