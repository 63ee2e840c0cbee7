import pino from 'pino';
import t, { type Test } from 'tap';
import { openGateway } from '../../../gateway/index.js';
import { bytes, method, openForeign, UNHURRIED } from '../../support/foreign.js';
import { closeInTeardown } from '../../support/given-back.js';
import { frame } from '../../support/grpc-frames.js';
import { http } from '../../support/http.js';
import { ask, connectHttp2 } from '../../support/http2-client.js';
import { NO_NATS, openNats } from '../../support/nats-server.js';
import { openSession } from '../../support/session.js';
import { connect } from '../../support/websocket.js';

// Ids and locations that are not the client's own show nothing of another's call: on every surface, wherever it is recorded.

const SECRET = 'the secret of a';
const AS_B = { authorization: 'Bearer b' };

/** A recorded call of one principal that has ended, and the gateway where another one looks for it. */
async function serve(t: Test, journal: string | undefined) {
  const own = await bytes({ text: SECRET });
  const others = await bytes({ text: 'of b' });
  const rule = { recording: {} };
  const config = { methods: { [method('Down').slice(1)]: rule, [method('Ask').slice(1)]: rule } };
  const given = { config, ...(journal && { journal }) };
  const script = (metadata: readonly (readonly [string, string])[]) => [
    { in: 'end' } as const,
    { out: metadata.some(([, value]) => value === 'Bearer a') ? own : others },
  ];
  const one = await openForeign(t, { Down: script, Ask: script }, given);
  let { url } = one;
  if (journal !== undefined) {
    const other = await openGateway({
      upstream: one.upstream.target,
      listen: '127.0.0.1:0',
      adminListen: '127.0.0.1:0',
      schema: one.schema,
      log: pino({ level: 'silent' }),
      limits: UNHURRIED,
      ...given,
    });
    closeInTeardown(t, other);
    url = other.url;
  }
  const headers = { authorization: 'Bearer a', 'content-type': 'application/json', prefer: 'respond-async' };
  const made = await http(one.url + method('Down'), { method: 'POST', headers, body: '{}' });
  t.equal(made.status, 202);
  const location = String(made.headers.location);
  const head = { method: 'HEAD', headers: { authorization: 'Bearer a' } };
  let epoch: string | undefined;
  for (let state = 'running'; epoch === undefined || state !== 'ended'; ) {
    const { headers } = await http(url + location, head);
    state = String(headers['sluice-call-state']);
    epoch = /^~([\w-]{22})\.1$/.exec(String(headers['sluice-first-event-id']))?.[1];
  }
  return { url, location, epoch };
}

type Served = Awaited<ReturnType<typeof serve>>;

/** Everything that a client is told, as one text. */
const SURFACES: Record<string, (t: Test, served: Served, path: string, id: string) => Promise<string>> = {
  ...Object.fromEntries(
    ['text/event-stream', 'application/x-ndjson', 'application/json', 'application/json-seq'].map(
      (accept) => [
        accept,
        async (_: Test, { url }: Served, path: string, id: string) => {
          const { status, headers, text } = await http(url + path, {
            headers: { ...AS_B, accept, ...(id && { 'last-event-id': id }) },
          });
          return JSON.stringify({ status, headers, text });
        },
      ],
    ),
  ),
  'the query': async (_, { url }, path, id) => {
    const { status, headers, text } = await http(`${url}${path}?lastEventId=${encodeURIComponent(id)}`, {
      headers: { ...AS_B, accept: 'text/event-stream' },
    });
    return JSON.stringify({ status, headers, text });
  },
  'HTTP/2': async (t, { url }, path, id) => {
    const headers = { ...AS_B, ...(id && { 'last-event-id': id }) };
    return JSON.stringify(await ask(connectHttp2(t, url), path, headers));
  },
  ...Object.fromEntries(
    ['application/grpc-web+proto', 'application/connect+json'].map((type) => [
      type,
      async (_: Test, { url }: Served, path: string, id: string) => {
        const isConnect = type.includes('connect');
        const body = frame(isConnect ? Buffer.from('{}') : Buffer.alloc(0));
        const headers = { ...AS_B, 'content-type': type, ...(id && { 'last-event-id': id }) };
        const { status, headers: got, bytes } = await http(url + path, { method: 'POST', headers, body });
        return JSON.stringify({ status, got, text: bytes.toString('latin1') });
      },
    ]),
  ),
  'plain WebSocket': async (t, { url }, path, id) => {
    const headers = { ...AS_B, ...(id && { 'last-event-id': id }) };
    const socket = await connect(url.replace('http', 'ws') + path, { headers }).catch(String);
    if (typeof socket === 'string') return socket;
    t.teardown(() => socket.socket.terminate());
    if (!path.startsWith('/_sluice')) socket.socket.send('{}');
    const texts: string[] = [];
    for (let text = await socket.next(); text !== undefined; text = await socket.next())
      texts.push(String(text));
    return JSON.stringify([texts, await socket.closed]);
  },
  session: async (t, { url }, path, cursor) => {
    const session = await openSession(url.replace('http', 'ws'), 'sluice.v1.json', { headers: AS_B });
    t.teardown(() => session.test.socket.terminate());
    const isCall = path === method('Down');
    const place = isCall ? { method: path.slice(1) } : { location: path };
    await session.send({ open: { id: 1, ...place, cursor, credit: 10 } });
    if (isCall) await session.send({ message: { id: 1, data: {} } });
    return JSON.stringify(await session.all(1));
  },
};

/** What a client says that it has seen, of a call that is another's. */
const IDS: Record<string, (epoch: string) => string> = {
  foreign: (epoch) => `~${epoch}.0`,
  'of the last message': (epoch) => `~${epoch}.1`,
  'of the future': (epoch) => `~${epoch}.2`,
  'of the far future': (epoch) => `~${epoch}.9007199254740991`,
  'past all numbers': (epoch) => `~${epoch}.99999999999999999999`,
  forged: () => `~${'A'.repeat(22)}.0`,
  'no number': (epoch) => `~${epoch}.-1`,
  overlong: (epoch) => `~${epoch.repeat(200)}.0`,
  everything: () => '~earliest',
};

const LOCATIONS: Record<string, (location: string) => string> = {
  foreign: (location) => location,
  forged: () => `/_sluice/calls/${'A'.repeat(22)}`,
  'with more behind it': (location) => `${location}x`,
  'in the middle of a path': (location) => `${location}/..`,
  encoded: (location) => location.replace('calls/', 'calls/%2e%2f'),
  overlong: () => `/_sluice/calls/${'A'.repeat(4_000)}`,
  'none at all': () => '/_sluice/calls/',
};

function testPlaces(t: Test, place: string, journal: (t: Test) => Promise<string | undefined>): void {
  const skip = place === 'memory' ? false : NO_NATS;
  t.test(`${place}: ids and locations that are another's`, { skip, timeout: 120_000 }, async (t) => {
    const served = await serve(t, await journal(t));
    const { epoch, location } = served;
    for (const [surface, askOn] of Object.entries(SURFACES)) {
      for (const [what, idOf] of Object.entries(IDS)) {
        const told = await askOn(t, served, method('Down'), idOf(epoch));
        t.notMatch(told, SECRET, `${surface}: an id that is ${what}`);
        t.ok(told.length > 2, `${surface}: an id that is ${what} has an answer`);
      }
      for (const [what, pathOf] of Object.entries(LOCATIONS)) {
        const told = await askOn(t, served, pathOf(location), '');
        t.notMatch(told, SECRET, `${surface}: a location that is ${what}`);
        t.match(
          told,
          /404|405|400|414|431|CALL_NOT_FOUND|NOT_FOUND/,
          `${surface}: a location that is ${what} is none`,
        );
        t.notMatch(told, epoch);
      }
    }
    for (const verb of ['HEAD', 'DELETE'])
      t.equal((await http(served.url + location, { method: verb, headers: AS_B })).status, 404, verb);
    const { text } = await http(served.url + location, { headers: { authorization: 'Bearer a' } });
    t.match(text, SECRET, 'its own principal has it');
  });
}

testPlaces(t, 'memory', async () => undefined);
testPlaces(t, 'NATS, at another gateway', async (t) => `nats://${(await openNats(t)).address}`);
