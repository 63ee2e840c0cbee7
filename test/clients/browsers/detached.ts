import type { Browser, Page } from 'puppeteer-core';
import type { Test } from 'tap';
import { createDeferred } from '../../../gateway/async/index.js';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { http, until } from '../../support/http.js';
import { openRelay } from '../relay.js';
import { clientFolder, openPage, run } from './sdk-page.js';
import { sleep } from './sleeping-browser.js';

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

/** A numbered stream that is recorded; it goes on when the test says so. */
async function serve(t: Test, pageDir: string) {
  const more = [createDeferred<void>(), createDeferred<void>()] as const;
  const items = await Promise.all(range(1, 300).map(async (number) => ({ out: await bytes({ number }) })));
  const foreign = await openForeign(
    t,
    {
      Down: [
        { in: 'end' },
        ...items.slice(0, 100),
        { wait: more[0].promise },
        ...items.slice(100, 200),
        { wait: more[1].promise },
        ...items.slice(200),
      ],
    },
    { pageDir, config: { methods: { [method('Down').slice(1)]: { recording: {} } } } },
  );
  const relay = await openRelay(t, foreign.url);
  return { ...foreign, relay, goOn: (at: 0 | 1) => more[at].resolve() };
}

/** Begins to collect what a call brings in `globalThis.numbers`, and in the storage of the page what its visits have had. */
const COLLECT = `
  globalThis.numbers = JSON.parse(sessionStorage.getItem('numbers') ?? '[]');
  globalThis.gaps = [];
  globalThis.client = createClient({ session: { reconnectBaseMs: 1 } });
  const options = { request: {}, detach: true, keepCursor: 'down', reconnectBaseMs: 1, credit: 8, onGap: (gap) => gaps.push(gap) };
  globalThis.call = client.call(given, options);
  globalThis.over = (async () => {
    for await (const { number } of call.messages) {
      numbers.push(number);
      sessionStorage.setItem('numbers', JSON.stringify(numbers));
    }
  })();
  globalThis.seen = (number) => new Promise((resolve) => {
    const look = () => (numbers.at(-1) >= number ? resolve() : setTimeout(look, 10));
    look();
  });`;

const collect = (page: Page) => run(page, COLLECT, method('Down'));

/** Calls that outlive their page, in a browser. */
export async function checkDetached(t: Test, browser: Browser): Promise<void> {
  const pageDir = await clientFolder(t);

  for (const way of ['session', 'http'] as const) {
    await t.test(`${way}: reloads and cuts, and each number comes once; another page joins`, async (t) => {
      const { relay, upstream, goOn } = await serve(t, pageDir);
      if (way === 'http') relay.onUpgrade(403);
      const page = await openPage(t, browser, relay.url);
      await collect(page);
      await run(page, 'await seen(50)');
      await page.reload();
      await collect(page);
      await run(page, 'await seen(100)');
      const location = await run<string>(page, 'return await call.location');
      relay.cut();
      goOn(0);
      await run(page, 'await seen(150)');
      await page.reload();
      await collect(page);

      const other = await openPage(t, browser, relay.url);
      await run(
        other,
        `globalThis.joined = createClient().join(given);
         globalThis.taken = [];
         for (let n = 0; n < 120; n += 1) taken.push((await joined.messages.next()).value.number);`,
        location,
      );
      goOn(1);
      const all = await run<{ numbers: number[]; gaps: unknown[]; status: string }>(
        page,
        'await over; return { numbers, gaps, status: (await call.status).status };',
      );
      t.same(all, { numbers: range(1, 300), gaps: [], status: 'OK' });
      const taken = await run<number[]>(
        other,
        'for await (const { number } of joined.messages) taken.push(number); return taken;',
      );
      t.same(taken, range(1, 300));
      await page.reload();
      await collect(page);
      t.equal(await run(page, 'await over; return numbers.length;'), 300, 'what has ended stays so');
      t.equal(upstream.calls(method('Down')).length, 1);
      t.match(await run(other, 'return await createClient().callState(given)', location), {
        state: 'ended',
        code: 0,
      });
    });
  }

  for (const way of ['session', 'http'] as const) {
    await t.test(
      `${way}: the machine sleeps while the connection goes, and each number comes once`,
      async (t) => {
        const { url, relay, upstream, goOn } = await serve(t, pageDir);
        if (way === 'http') relay.onUpgrade(403);
        const page = await openPage(t, browser, relay.url);
        await collect(page);
        await run(page, 'await seen(100)');
        const location = await run<string>(
          page,
          `const location = await call.location;
         globalThis.taken = [];
         globalThis.source = new EventSource(location);
         source.onmessage = ({ data }) => taken.push(JSON.parse(data).number);
         return location;`,
        );
        await run(
          page,
          'while (taken.length < 100) await new Promise((resolve) => setTimeout(resolve, 10));',
        );
        const wake = sleep(browser);
        try {
          relay.cut();
          goOn(0);
          goOn(1);
          const isOver = async () => {
            const { headers } = await http(url + new URL(location, url).pathname, { method: 'HEAD' });
            return headers['sluice-call-state'] === 'ended';
          };
          while (!(await isOver())) await new Promise((resolve) => setTimeout(resolve, 20));
        } finally {
          wake();
        }
        const all = await run<unknown>(
          page,
          `await over;
         while (source.readyState !== EventSource.CLOSED) await new Promise((resolve) => setTimeout(resolve, 10));
         return { numbers, taken, gaps };`,
        );
        t.same(all, { numbers: range(1, 300), taken: range(1, 300), gaps: [] });
        t.equal(upstream.calls(method('Down')).length, 1);
      },
    );
  }

  await t.test('a page stops the call of another', async (t) => {
    const { relay, upstream } = await serve(t, pageDir);
    const page = await openPage(t, browser, relay.url);
    const location = await run<string>(
      page,
      `globalThis.call = createClient().call(given, { request: {}, detach: true });
       globalThis.over = (async () => { for await (const _ of call.messages); })().catch(() => undefined);
       return await call.location;`,
      method('Down'),
    );
    const other = await openPage(t, browser, relay.url);
    t.equal(
      await run(other, 'return (await createClient().join(given).stop()).status', location),
      'CANCELLED',
    );
    t.equal(await run(page, 'return (await call.status).status'), 'CANCELLED');
    await until(t, 'the service is told', () => upstream.calls(method('Down'))[0]?.cancelled === true);
  });

  await t.test('EventSource on a location goes on after a cut, and the end stops it', async (t) => {
    const { url, relay, upstream, goOn } = await serve(t, pageDir);
    const accepted = await http(url + method('Down'), {
      method: 'POST',
      headers: { prefer: 'respond-async', 'content-type': 'application/json' },
      body: '{}',
    });
    t.equal(accepted.status, 202);
    const { location } = accepted.headers;
    const page = await openPage(t, browser, relay.url);
    await run(
      page,
      `globalThis.numbers = [];
       globalThis.ends = 0;
       globalThis.source = new EventSource(given);
       source.onmessage = ({ data }) => numbers.push(JSON.parse(data).number);
       source.addEventListener('end', () => { ends += 1; });
       globalThis.seen = (number) => new Promise((resolve) => {
         const look = () => (numbers.at(-1) >= number ? resolve() : setTimeout(look, 10));
         look();
       });
       globalThis.stopped = new Promise((resolve) => {
         source.addEventListener('error', () => source.readyState === EventSource.CLOSED && resolve());
       });
       await seen(100);`,
      location,
    );
    relay.cut();
    goOn(0);
    await run(page, 'await seen(200)');
    goOn(1);
    const all = await run<unknown>(page, 'await stopped; return { numbers, ends };');
    t.same(all, { numbers: range(1, 300), ends: 1 });
    const requests = relay.heads.filter((head) => head.startsWith(`GET ${location} `));
    t.equal(requests.length, 3, 'the first, after the cut, and after the end');
    t.match(requests[2], /\r\nlast-event-id: ~end/i);
    t.equal(upstream.calls(method('Down')).length, 1);
  });
}
