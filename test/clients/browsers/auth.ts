import type { Browser } from 'puppeteer-core';
import type { Test } from 'tap';
import { createDeferred } from '../../../gateway/async/index.js';
import { parseConfig } from '../../../gateway/server/config/index.js';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { issuerKey, openIssuer } from '../../support/issuer.js';
import { clientFolder, openPage, run } from './sdk-page.js';

const name = (of: string) => method(of).slice(1);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

/** How long a short-lived token counts, in seconds: a busy browser must have begun everything by half of it. */
const SHORT_SECONDS = 14;

/** Tokens of a real issuer in a browser: on every way of the client, and when they end in the middle of a stream. */
export async function checkAuth(t: Test, browser: Browser): Promise<void> {
  const key = await issuerKey('es');
  const issuer = await openIssuer(t, [key]);
  const rules = `{ issuer: "${issuer.issuer}", audience: [sluice], keys: { jwksUrl: "${issuer.jwksUrl}" } }`;
  const config = await parseConfig(
    `auth: { issuers: [${rules}] }\nmethods: { ${name('Down')}: { recording: { sharing: principal, start: beginning } } }\n`,
    'test.yaml',
  );
  const more = createDeferred<void>();
  const items = await Promise.all(range(1, 200).map(async (number) => ({ out: await bytes({ number }) })));
  const foreign = await openForeign(
    t,
    {
      Ask: [{ in: 'end' }, { out: await bytes({ text: 'a' }) }],
      Both: [{ echo: true }],
      Down: [{ in: 'end' }, ...items.slice(0, 100), { wait: more.promise }, ...items.slice(100)],
    },
    { pageDir: await clientFolder(t), config },
  );
  const signed = (seconds: number) => issuer.sign(key, { exp: Math.floor(Date.now() / 1_000) + seconds });

  await t.test('without a token nothing is let in, and with one every way is', async (t) => {
    const page = await openPage(t, browser, foreign.url);
    const refused = await run<string[]>(
      page,
      `const client = createClient();
       const told = [];
       await client.unary(given.ask, {}).catch((error) => told.push(error.status));
       await client.serverStream(given.down, {}).next().catch((error) => told.push(error.status));
       await client.call(given.ask, { request: {} }).result().catch((error) => told.push(error.status));
       client.close();
       return told;`,
      { ask: name('Ask'), down: name('Down') },
    );
    t.same(refused, ['UNAUTHENTICATED', 'UNAUTHENTICATED', 'UNAUTHENTICATED']);
    const answers = await run<unknown>(
      page,
      `const client = createClient({ auth: async () => given.token });
       const unary = await client.unary(given.ask, {});
       const sse = (await client.serverStream(given.down, {}).next()).value.number;
       const session = await client.call(given.ask, { request: {} }).result();
       const socket = client.socket(given.both);
       await socket.send({ text: 'by ticket' });
       const echoed = (await socket.next()).value;
       await socket.return();
       client.close();
       return { unary, sse, session, echoed };`,
      { ask: name('Ask'), down: name('Down'), both: name('Both'), token: await signed(600) },
    );
    t.match(answers, {
      unary: { text: 'a' },
      sse: 1,
      session: { text: 'a' },
      echoed: { text: 'by ticket' },
    });
  });

  await t.test(
    'a token that ends in the middle of a stream is followed by another, and nothing is lost',
    async (t) => {
      const page = await openPage(t, browser, foreign.url);
      await run(
        page,
        `globalThis.asked = { sse: 0, session: 0 };
       const tokensOf = (way) => async () => given.tokens[Math.min(asked[way]++, 1)];
       globalThis.numbers = { sse: [], session: [] };
       const sse = createClient({ auth: tokensOf('sse') }).serverStream(given.down, {}, { reconnectBaseMs: 1 });
       const session = createClient({ auth: tokensOf('session') }).call(given.down, { request: {} });
       const collect = async (messages, into) => { for await (const { number } of messages) into.push(number); };
       globalThis.over = Promise.all([collect(sse, numbers.sse), collect(session.messages, numbers.session)]);
       over.catch(() => undefined);
       globalThis.until = (holds) => new Promise((resolve) => {
         const look = () => (holds() ? resolve() : setTimeout(look, 20));
         look();
       });
       await until(() => numbers.sse.length === 100 && numbers.session.length === 100);`,
        { down: name('Down'), tokens: [await signed(SHORT_SECONDS), await signed(600)] },
      );
      await run(page, 'await until(() => asked.sse >= 2 && asked.session >= 2);');
      // Past the end of the first one.
      const ended = Date.now() + (SHORT_SECONDS + 1) * 1_000;
      await run(page, 'await until(() => Date.now() > given);', ended);
      more.resolve();
      t.same(await run(page, 'await over; return numbers;'), { sse: range(1, 200), session: range(1, 200) });
    },
  );
  const principals = new Set(
    foreign.lines
      .filter(({ msg, code }) => msg === 'call' && code === 'OK')
      .map(({ principal }) => principal),
  );
  t.same(principals, new Set(['alice']));
}
