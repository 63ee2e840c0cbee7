import t, { type Test } from 'tap';
import { createDeferred } from '../../../gateway/async/index.js';
import { parseConfig } from '../../../gateway/server/config/index.js';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { http, open, until } from '../../support/http.js';
import { issuerKey, openIssuer } from '../../support/issuer.js';

// Recorded calls go on when the tokens of their clients end; each reader's part ends with its own.

/** A recorded stream with cursors whose service says 1, then 2, breaks, and then says 3, each when the test lets it. */
async function setUp(t: Test, sharing: 'principal' | 'none') {
  const key = await issuerKey('es');
  const issuer = await openIssuer(t, [key]);
  const config = await parseConfig(
    `auth:
  issuers: [{ issuer: "${issuer.issuer}", audience: [sluice], keys: { jwksUrl: "${issuer.jwksUrl}" } }]
methods:
  foreign.v1.Foreign/Numbered: { recording: { sharing: ${sharing}, start: beginning } }
`,
    'test.yaml',
  );
  const [second, broken, over] = [createDeferred<void>(), createDeferred<void>(), createDeferred<void>()];
  t.teardown(() => over.resolve());
  const item = async (text: string) => ({ out: await bytes({ text }) });
  const calls = [
    [
      await item('1'),
      { wait: second.promise },
      await item('2'),
      { wait: broken.promise },
      { status: 'UNAVAILABLE' },
    ],
    [await item('3'), { wait: over.promise }],
  ] as const;
  let asked = 0;
  const foreign = await openForeign(t, { Numbered: () => calls[asked++] ?? [] }, { config });
  const { now } = Date;
  let passed = 0;
  t.teardown(() => {
    Date.now = now;
  });
  const token = async (seconds: number) => {
    const iat = Math.floor(Date.now() / 1_000);
    return `Bearer ${await issuer.sign(key, { iat, exp: iat + seconds })}`;
  };
  /** What the service was shown, call by call. */
  const shown = () =>
    foreign.upstream
      .calls(method('Numbered'))
      .map(({ metadata }) => metadata.find(([name]) => name === 'authorization')?.[1]);
  const url = foreign.url + method('Numbered');
  return {
    second,
    broken,
    foreign,
    token,
    shown,
    /** The date is so much later, and nothing that waits for time has been told. */
    pass(ms: number) {
      passed += ms;
      Date.now = () => now() + passed;
    },
    read: (authorization: string, lastEventId?: string) => readSse(t, url, authorization, lastEventId),
    async detach(authorization: string) {
      const headers = { authorization, 'content-type': 'application/json', prefer: 'respond-async' };
      const { headers: answer } = await http(url, { headers, body: '{}' });
      return foreign.url + answer.location;
    },
  };
}

/** A reader by SSE, and what it has got so far. */
async function readSse(t: Test, url: string, authorization: string, lastEventId?: string) {
  const { response } = await open(url, {
    method: 'POST',
    headers: {
      authorization,
      accept: 'text/event-stream',
      'content-type': 'application/json',
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    },
    body: '{}',
  });
  t.teardown(() => response.destroy());
  const got = { text: '', isOver: false };
  response.on('data', (chunk: Buffer) => {
    got.text += chunk;
  });
  response.on('close', () => {
    got.isOver = true;
  });
  response.on('error', () => {});
  return {
    got,
    messages: () => [...got.text.matchAll(/"text":"(\d)"/g)].map(([, text]) => text).join(''),
    get lastId() {
      return [...got.text.matchAll(/^id: (\S+)$/gm)].at(-1)?.[1];
    },
  };
}

t.test('a reader whose token ends is sent away alone, and comes back without a loss', async (t) => {
  const { read, token, second, foreign } = await setUp(t, 'principal');
  // With less than 50 s it ends after half of them.
  const opener = await read(await token(2));
  const other = await read(await token(600));
  await until(t, 'the first message', () => opener.messages() === '1' && other.messages() === '1');
  await until(t, 'the end of the token', () => opener.got.isOver);
  t.match(opener.got.text, /^retry: \d+$/m);
  t.match(opener.got.text, /CREDENTIAL_EXPIRED/);
  t.equal(opener.lastId, '1', 'no end that would keep it away');
  t.notOk(other.got.isOver);
  second.resolve();
  await until(t, 'the second message', () => other.messages() === '12');
  const again = await read(await token(600), opener.lastId);
  await until(t, 'what it has missed', () => again.messages() === '2');
  t.equal(foreign.upstream.calls(method('Numbered')).length, 1, 'one call all the time');
});

t.test('a call that breaks is asked for again with the token that ends last of its readers', async (t) => {
  const { read, token, second, broken, shown, pass } = await setUp(t, 'principal');
  const tokens = [await token(60), await token(6_000), await token(600)] as const;
  const readers: Awaited<ReturnType<typeof read>>[] = [];
  for (const each of tokens) readers.push(await read(each));
  second.resolve();
  await until(t, 'two messages', () => readers.every((reader) => reader.messages() === '12'));
  pass(1_000_000);
  broken.resolve();
  await until(t, 'the third message', () => readers[1]?.messages() === '123');
  t.same(shown(), [tokens[0], tokens[1]]);
});

t.test('a detached call that breaks when nobody has a token for it any more ends for all', async (t) => {
  const { detach, token, second, broken, shown, pass } = await setUp(t, 'none');
  const location = await detach(await token(60));
  second.resolve();
  pass(100_000);
  const authorization = await token(600);
  const state = async () => (await http(location, { method: 'HEAD', headers: { authorization } })).headers;
  while ((await state())['sluice-last-event-id'] !== '2');
  t.equal((await state())['sluice-call-state'], 'running', 'the end of the token is no end of the call');
  broken.resolve();
  while ((await state())['sluice-call-state'] === 'running');
  t.equal((await state())['grpc-status'], '16');
  const answer = await http(location, { headers: { authorization, accept: 'application/x-ndjson' } });
  t.match(answer.text, /"text":"1"[\s\S]*"text":"2"[\s\S]*CREDENTIAL_EXPIRED/);
  t.equal(shown().length, 1, 'what has ended is not sent');
});

t.test('it goes on with the token of a client that has joined', async (t) => {
  const { detach, token, second, broken, shown, pass } = await setUp(t, 'none');
  const location = await detach(await token(60));
  second.resolve();
  pass(100_000);
  const authorization = await token(600);
  const { response } = await open(location, { headers: { authorization, accept: 'application/x-ndjson' } });
  t.teardown(() => response.destroy());
  let text = '';
  response.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  await until(t, 'two messages', () => text.includes('"2"'));
  broken.resolve();
  await until(t, 'the third message', () => text.includes('"3"'));
  t.equal(shown()[1], authorization);
});
