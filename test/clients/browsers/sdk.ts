import { pino } from 'pino';
import type { Browser, Page } from 'puppeteer-core';
import type { Test } from 'tap';
import { openGateway } from '../../../gateway/index.js';
import { openCore } from '../../../grpc-core/index.js';
import { bytes, method, openForeign, UNHURRIED } from '../../support/foreign.js';
import { closeInTeardown } from '../../support/given-back.js';
import { settled } from '../../support/http.js';
import type { ScriptedCall } from '../../support/scripted-upstream.js';
import { openRelay } from '../relay.js';
import { clientFolder, openPage, run } from './sdk-page.js';

/** The core before a gateway that serves the empty page. The first thousand numbers are there, the others come as they are made. */
async function startCore(t: Test, pageDir: string) {
  const log = pino({ level: 'silent' });
  const core = await openCore({ listen: '127.0.0.1:0', dataDir: t.testdir(), dataIntervalMs: 5, log });
  t.teardown(() => core.close());
  const gateway = await openGateway({
    upstream: core.address,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    pageDir,
    graceMs: 100,
    limits: UNHURRIED,
    log,
  });
  closeInTeardown(t, gateway);
  return gateway;
}

const pauseMs = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

/** What a browser does to a call, seen from the service, and what `EventSource` makes of ours. */
export async function checkSdk(t: Test, browser: Browser): Promise<void> {
  const pageDir = await clientFolder(t);
  // Side by side: most of the time is spent waiting for a browser's own reconnect.
  t.jobs = 4;

  t.test('a page that stops taking stops the service within its credit', { buffered: true }, async (t) => {
    const item = await bytes({ text: 'x'.repeat(64 * 1024) });
    const total = 100_000;
    const { url, upstream } = await openForeign(
      t,
      { Down: [{ in: 'end' }, { out: item, times: total }] },
      { pageDir },
    );
    const page = await openPage(t, browser, url);
    const credit = 4;
    await run(
      page,
      `globalThis.call = createClient().call(given.method, { request: {}, credit: given.credit });
       globalThis.take = async (count) => {
         for (let n = 0; n < count; n += 1) await call.messages.next();
       };`,
      { method: method('Down'), credit },
    );
    const call = await upstream.call(method('Down'));
    // In messages of 64 KiB: what is read ahead (at most 64 KiB) and the message being written in the gateway, a window of at most 1 MiB, and the 16 that the
    // service's own library takes before it says that it is full.
    const held = 1 + 1 + 16 + 16;
    let taken = 0;
    for (const more of [1, 50, 50]) {
      await run(page, 'await take(given)', more);
      taken += more;
      const written = await settled(() => call.accepted);
      t.ok(written >= taken && written <= taken + credit + held, `${written} written, ${taken} taken`);
    }
    await run(page, 'call.cancel(); await call.status');
    await call.over;
    t.ok(call.cancelled, 'cancelling while stalled ends the call at the service');
  });

  t.test('a bidi call echoes, over the session and over its own socket', { buffered: true }, async (t) => {
    const { url, upstream } = await openForeign(t, { Both: [{ echo: true }] }, { pageDir });
    const page = await openPage(t, browser, url);
    const said = range(1, 100).map((number) => ({ text: `ä€😀 ${number}`, number }));
    const heard = await run<{ session: unknown[]; socket: unknown[]; status: unknown }>(
      page,
      `const client = createClient();
       const call = client.call(given.method, { metadata: { who: 'ada' } });
       const socket = client.socket(given.method);
       const collect = async (messages) => {
         const taken = [];
         for await (const { text, number } of messages) taken.push({ text, number });
         return taken;
       };
       const collecting = Promise.all([collect(call.messages), collect(socket)]);
       for (const one of given.said) await Promise.all([call.send(one), socket.send(one)]);
       await Promise.all([call.end(), socket.halfClose()]);
       const [session, plain] = await collecting;
       return { session, socket: plain, status: await call.status };`,
      { method: method('Both'), said },
    );
    t.same(heard.session, said);
    t.same(heard.socket, said);
    t.match(heard.status, { code: 0, status: 'OK' });
    const [one, other] = upstream.calls(method('Both')) as [ScriptedCall, ScriptedCall];
    t.ok(
      [...one.metadata, ...other.metadata].some(([name, value]) => name === 'who' && value === 'ada'),
      'metadata reaches the service, which no browser can send along with a WebSocket',
    );
  });

  for (const [way, leave] of [
    ['goes to another one', (page: Page) => page.goto('about:blank')],
    ['is closed', (page: Page) => page.close()],
  ] as const) {
    t.test(`a page that ${way} cancels its calls at the service`, { buffered: true }, async (t) => {
      const item = await bytes({ text: 'x' });
      const forever = new Promise(() => undefined);
      const { url, upstream } = await openForeign(
        t,
        {
          Down: [{ in: 'end' }, { out: item }, { wait: forever }],
          Fetch: [{ in: 'end' }, { wait: forever }],
          Both: [{ in: 1 }, { out: item }, { wait: forever }],
          Up: [{ in: 1 }, { wait: forever }],
          Ask: [{ in: 'end' }, { wait: forever }],
        },
        { pageDir },
      );
      const page = await openPage(t, browser, url);
      await run(
        page,
        `const client = createClient();
         const quiet = (promise) => promise.catch(() => undefined);
         const stream = client.call(given.down, { request: {} });
         const talk = client.call(given.both);
         const plain = client.socket(given.both);
         const upload = client.call(given.up);
         const sse = client.serverStream(given.down, {});
         quiet(client.unary(given.ask, {}));
         await Promise.all([talk.send({}), plain.send({}), upload.send({})]);
         await Promise.all([stream.messages, talk.messages, plain, sse].map((one) => one.next()));`,
        { down: method('Down'), both: method('Both'), up: method('Up'), ask: method('Ask') },
      );
      const calls = await Promise.all(
        [
          ['Down', 0],
          ['Down', 1],
          ['Both', 0],
          ['Both', 1],
          ['Up', 0],
          ['Ask', 0],
        ].map(([name, at]) => upstream.call(method(String(name)), Number(at))),
      );
      t.same(
        calls.map(({ cancelled }) => cancelled),
        calls.map(() => false),
      );
      const atMs = performance.now();
      // Not awaited: the browser's own page of nothing has nothing to do with it.
      const leaving = leave(page);
      await Promise.all(calls.map(({ over }) => over));
      const tookMs = performance.now() - atMs;
      t.same(
        calls.map(({ cancelled }) => cancelled),
        calls.map(() => true),
      );
      // At once, on a quiet machine. Without the page's own word it would be a heartbeat (15 s) or the life of a kept page (minutes).
      t.ok(tookMs < 10_000, `this promise is about time: ${Math.round(tookMs)} ms`);
      await leaving;
    });
  }

  t.test('a page that comes back by Back goes on where it was', { buffered: true }, async (t) => {
    const { url } = await startCore(t, pageDir);
    const page = await openPage(t, browser, url);
    await run(
      page,
      `const client = createClient();
       globalThis.kept = { session: [], http: [] };
       const follow = async (messages, ids) => { for await (const { id } of messages) ids.push(id); };
       follow(client.call(given, { request: {} }).messages, kept.session);
       follow(client.serverStream(given, {}), kept.http);
       globalThis.both = (id) => new Promise((resolve) => {
         const look = () => Object.values(kept).every((ids) => ids.at(-1) >= id) ? resolve() : setTimeout(look, 20);
         look();
       });
       await both(1100);`,
      'streaming.StreamingService/GetDataStream',
    );
    await page.goto('about:blank');
    await page.goBack();
    if ((await page.evaluate('typeof kept')) === 'undefined') {
      t.comment('this browser did not keep the page');
      return;
    }
    const ids = await run<Record<string, number[]>>(
      page,
      'await both(Math.max(...kept.session, ...kept.http) + 200); return kept;',
    );
    for (const [way, taken] of Object.entries(ids)) t.same(taken, range(1, taken.length), way);
  });

  t.test('EventSource stops for good after the end', { buffered: true }, async (t) => {
    const items = await Promise.all(range(1, 5).map((n) => bytes({ text: String(n), number: n })));
    const { url, upstream } = await openForeign(
      t,
      { Numbered: [{ in: 'end' }, ...items.map((out) => ({ out }))] },
      { pageDir },
    );
    const relay = await openRelay(t, url);
    const page = await openPage(t, browser, relay.url);
    const before = relay.heads.length;
    const seen = await run<{ ids: string[]; ends: string[] }>(
      page,
      `const source = new EventSource(given);
       const ids = [];
       const ends = [];
       source.onmessage = ({ lastEventId }) => ids.push(lastEventId);
       source.addEventListener('end', ({ lastEventId }) => ends.push(lastEventId));
       // It comes back once, because it always does; the answer to that is what stops it.
       await new Promise((resolve) => {
         source.onerror = () => source.readyState === EventSource.CLOSED && resolve();
       });
       return { ids, ends };`,
      method('Numbered'),
    );
    t.same(seen, { ids: ['1', '2', '3', '4', '5'], ends: ['~end:5'] });
    const requests = () => relay.heads.slice(before).filter((head) => head.includes(method('Numbered')));
    t.equal(requests().length, 2);
    t.match(requests()[1], /\r\nlast-event-id: ~end:5\r\n/i);
    t.equal(upstream.calls(method('Numbered')).length, 1, 'the service is called once');
    // CLOSED is for ever, says the standard; this only shows that nothing is on its way.
    await pauseMs(500);
    t.equal(requests().length, 2, 'no further request');
  });

  t.test(
    'EventSource resumes after a cut: no message is lost, none comes twice',
    { buffered: true },
    async (t) => {
      const { url } = await startCore(t, pageDir);
      const relay = await openRelay(t, url);
      const page = await openPage(t, browser, relay.url);
      await run(
        page,
        `globalThis.ids = [];
       globalThis.seen = (id) => new Promise((resolve) => {
         const look = () => (ids.at(-1) >= id ? resolve() : setTimeout(look, 20));
         look();
       });
       globalThis.source = new EventSource('/v1/data');
       source.onmessage = ({ data, lastEventId }) => {
         const { id } = JSON.parse(data);
         if (String(id) !== lastEventId) throw new Error(lastEventId + ' for ' + id);
         ids.push(id);
       };
       await seen(1100);`,
      );
      relay.cut();
      const ids = await run<number[]>(
        page,
        'const last = ids.at(-1); await seen(last + 200); source.close(); return ids;',
      );
      t.same(ids, range(1, ids.length));
      t.equal(relay.heads.filter((head) => head.startsWith('GET /v1/data')).length, 2);
    },
  );
}
