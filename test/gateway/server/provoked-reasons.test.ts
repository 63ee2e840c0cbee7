import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, createServer } from 'node:net';
import t, { type Test } from 'tap';
import type { GatewayOptions } from '../../../gateway/index.js';
import { REASONS, type Reason } from '../../../gateway/status/index.js';
import { bytes, type Foreign, method, openForeign, statusBytes } from '../../support/foreign.js';
import { type HttpOptions, http, open, read, send, sseEvents, until } from '../../support/http.js';
import { openOwnService } from '../../support/own-service.js';
import { post, raw } from '../../support/raw-client.js';
import type { Scripts } from '../../support/scripted-upstream.js';
import { type Frame, openOf, openSession, PROTOCOLS } from '../../support/session.js';
import { connect } from '../../support/websocket.js';

// Every reason of PROTOCOL.md, section 17, through a gateway, as its clients are told it; and that no error of a service gets one.

t.setTimeout(120_000);

const JSON_TYPE = { 'content-type': 'application/json' };
const NDJSON = { 'content-type': 'application/x-ndjson' };
const never = new Promise<never>(() => {});

interface Told {
  readonly reason?: string;
  readonly domain?: string;
}

/** The one ErrorInfo among the details of an `error` object or a status. */
function told(error: unknown): Told {
  const { details = [] } = (error ?? {}) as { details?: ({ '@type': string } & Told)[] };
  return details.find((detail) => detail['@type'].endsWith('/google.rpc.ErrorInfo')) ?? {};
}

/** What an HTTP answer says: in its header, and in its body where it has one. */
async function ask(url: string, options: HttpOptions = {}): Promise<(string | undefined)[]> {
  const { status, headers, text } = await http(url, options);
  // A stream that has begun has its reason at the end only.
  const inHead = status === 200 && text !== '' ? [] : [String(headers['sluice-reason'])];
  return [...inHead, ...(text === '' ? [] : [reasonOfBody(text)])];
}

/** Without one a header is written as the text. */
function isUntold(reason: string | undefined): boolean {
  return reason === undefined || reason === 'undefined';
}

function reasonOfBody(text: string): string | undefined {
  if (/^(?:event|data|id|retry|:)/m.test(text)) {
    const data = (sseEvents(text).at(-1)?.data ?? {}) as { error?: unknown };
    return told(data.error).reason;
  }
  return told(JSON.parse(text.trim().split('\n').at(-1) ?? '').error).reason;
}

/** What the close of a plain WebSocket says. */
function reasonOfClose({ reason }: { reason: string }): string | undefined {
  return / \[sluice\/([A-Z_]+)\]$/.exec(reason)?.[1];
}

/** What the end of a call says on both sub-protocols of a session. */
async function inSessions(wsUrl: string, ...frames: Frame[]): Promise<(string | undefined)[]> {
  const reasons: (string | undefined)[] = [];
  for (const protocol of PROTOCOLS) {
    const session = await openSession(wsUrl, protocol);
    await session.send(...frames);
    reasons.push(told((await session.all(1)).at(-1)?.end?.status).reason);
    session.test.socket.terminate();
  }
  return reasons;
}

/** The same on a plain WebSocket that sends this. */
async function onSocket(url: string, ...frames: (string | Buffer)[]): Promise<string | undefined> {
  const { socket, closed } = await connect(url);
  for (const frame of frames) socket.send(frame);
  return reasonOfClose(await closed);
}

/** What bytes are answered with that no client sends. */
async function askRaw(t: Test, url: string, text: string): Promise<(string | undefined)[]> {
  const client = await raw(t, url, text);
  await until(t, 'an answer', () => client.answer.includes('"details"') && client.answer.endsWith('}'));
  const [head = '', body = ''] = client.answer.split('\r\n\r\n');
  return [/sluice-reason: (\S+)/.exec(head)?.[1], reasonOfBody(body)];
}

type Provoke = (t: Test) => Promise<readonly (string | undefined)[]>;
type Using = (foreign: Foreign, t: Test) => Promise<readonly (string | undefined)[]>;

function using(scripts: Scripts, use: Using, options: Partial<GatewayOptions> = {}): Provoke {
  return async (t) => use(await openForeign(t, scripts, options), t);
}

/** A server of HTTP/2 that is no gRPC service, or a bad one; `answer` gets each stream. */
function badService(answer: (stream: ServerHttp2Stream) => void, use: Using, settings: object = {}): Provoke {
  return async (t) => {
    const server = createHttp2Server({ settings });
    const sessions = new Set<{ destroy(): void }>();
    server.on('session', (session) => {
      sessions.add(session);
      session.on('error', () => {});
    });
    server.on('stream', (stream: ServerHttp2Stream) => {
      stream.on('error', () => {});
      answer(stream);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => {
      for (const session of sessions) session.destroy();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    return await use(await openForeign(t, {}, { upstream: `127.0.0.1:${port}` }), t);
  };
}

const GRPC = { ':status': 200, 'content-type': 'application/grpc' };

/** One call on every surface that is there for it. */
const everywhere: Using = async ({ url, wsUrl }) => [
  ...(await ask(url + method('Ask'), { headers: JSON_TYPE, body: '{}' })),
  ...(await ask(url + method('Down'), { headers: JSON_TYPE, body: '{}' })),
  ...(await ask(url + method('Down'), {
    headers: { ...JSON_TYPE, accept: 'text/event-stream' },
    body: '{}',
  })),
  ...(await ask(`${url}/foreign/files/a`)),
  ...(await ask(`${url}/foreign/items/1`, { method: 'HEAD' })),
  ...(await inSessions(wsUrl, openOf(1, 'Ask'), { message: { id: 1, data: {} } })),
  await onSocket(wsUrl + method('Ask'), '{}'),
];

const PROVOKED: { readonly [Name in Reason]?: Provoke } = {
  PATH_NOT_FOUND: using({}, async ({ url, gateway }) => [
    ...(await ask(`${url}/none`)),
    ...(await ask(`${url}/none`, { method: 'HEAD' })),
    ...(await ask(`${gateway.adminUrl}/none`)),
    ...(await ask(`${url}/none`, { method: 'OPTIONS' })),
  ]),
  METHOD_NOT_FOUND: using({}, ({ wsUrl }) => inSessions(wsUrl, openOf(1, 'None'))),
  HTTP_METHOD_UNKNOWN: using({}, ({ url }) => ask(url + method('Ask'), { method: 'PROPFIND' })),
  HTTP_METHOD_NOT_ALLOWED: using({}, ({ url }) => ask(url + method('Up'))),
  NOT_ACCEPTABLE: using({}, ({ url }) => ask(`${url}/foreign/down`, { headers: { accept: 'image/png' } })),
  LENGTH_REQUIRED: using({}, ({ url }, t) =>
    askRaw(t, url, 'PUT /foreign/files/a HTTP/1.1\r\nhost: localhost\r\ncontent-type: image/png\r\n\r\n'),
  ),
  UNSUPPORTED_CONTENT_TYPE: using({}, ({ url }) =>
    ask(url + method('Ask'), { headers: { 'content-type': 'text/plain' }, body: 'x' }),
  ),
  UNSUPPORTED_CONTENT_ENCODING: using({}, ({ url }) =>
    ask(url + method('Ask'), { headers: { ...JSON_TYPE, 'content-encoding': 'br' }, body: 'x' }),
  ),
  HTTP_VERSION_TOO_OLD: using({}, ({ url }) =>
    ask(url + method('Ask'), { headers: { 'content-type': 'application/grpc' }, body: 'x' }),
  ),
  UPGRADE_REQUIRED: using({}, ({ url }) => ask(`${url}/_sluice/session`)),
  INVALID_REQUEST: using({}, async ({ url }, t) => [
    ...(await askRaw(t, url, 'no HTTP at all\r\n\r\n')),
    ...(await askRaw(t, url, 'GET /foreign/%zz HTTP/1.1\r\nhost: localhost\r\n\r\n')),
  ]),
  INVALID_HEADER: using({}, async ({ url }, t) => [
    ...(await ask(url + method('Ask'), { headers: { ...JSON_TYPE, 'grpc-timeout': 'soon' }, body: '{}' })),
    ...(await askRaw(t, url, 'GET / HTTP/1.1\r\n\r\n')),
  ]),
  INVALID_METADATA: using({}, async ({ url, wsUrl }) => [
    ...(await ask(url + method('Ask'), { headers: { ...JSON_TYPE, 'grpc-metadata-host': 'x' }, body: '{}' })),
    ...(await inSessions(wsUrl, openOf(1, 'Ask', { metadata: { host: 'x' } }))),
  ]),
  INVALID_PARAMETER: using({}, ({ url }) => ask(`${url}/foreign/items/1?none=1`)),
  INVALID_CURSOR: using({}, async ({ url, wsUrl }) => [
    ...(await ask(url + method('Numbered'), { headers: { 'last-event-id': '~x' } })),
    ...(await inSessions(wsUrl, openOf(1, 'Down', { cursor: '1' }))),
  ]),
  INVALID_MESSAGE: using({ Both: [{ in: 'end' }], Up: [{ in: 'end' }] }, async ({ url, wsUrl }) => [
    ...(await ask(url + method('Ask'), { headers: JSON_TYPE, body: '{"none":1}' })),
    ...(await ask(url + method('Up'), { headers: NDJSON, body: '{}\n{"none":1}\n' })),
    await onSocket(wsUrl + method('Both'), '{"none":1}'),
    await onSocket(wsUrl + method('Both'), Buffer.from([0xff])),
  ]),
  UNEXPECTED_BODY: async (t) => {
    const rule = 'option (google.api.http) = { post: "/start" };';
    const own = await openOwnService(
      t,
      `message A { string a = 1; } service S { rpc M(stream A) returns (A) { ${rule} } }`,
      () => ({ M: [{ in: 'end' }] }),
    );
    return await ask(`${own.url}/start`, { headers: NDJSON, body: '{}\n' });
  },
  UNEXPECTED_MESSAGE: using({ Ask: [{ wait: never }], Up: [{ wait: never }] }, async ({ wsUrl }) => [
    await onSocket(wsUrl + method('Ask'), '{}', '{}'),
    ...(await inSessions(wsUrl, openOf(1, 'Up'), { halfClose: { id: 1 } }, { message: { id: 1, data: {} } })),
  ]),
  HOST_NOT_SERVED: using({}, async ({ url, gateway }) => [
    ...(await ask(url, { headers: { host: 'evil.example' } })),
    ...(await ask(`${gateway.adminUrl}/healthz`, { headers: { host: 'evil.example' } })),
  ]),
  ORIGIN_NOT_ALLOWED: using({}, ({ url }) =>
    ask(url + method('Both'), { headers: { ...NDJSON, origin: 'https://evil.example' }, body: '{}' }),
  ),
  HEAD_TOO_LARGE: using({}, ({ url }, t) =>
    askRaw(t, url, `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`),
  ),
  CHUNK_EXTENSIONS_TOO_LARGE: using({ Ask: [{ in: 'end' }] }, ({ url }, t) =>
    askRaw(
      t,
      url,
      `${post(method('Ask'), 'application/json', 'transfer-encoding: chunked\r\n')}\r\n1;${'x'.repeat(20_000)}\r\n`,
    ),
  ),
  MESSAGE_TOO_LARGE: using(
    { Up: [{ in: 'end' }] },
    async ({ url }) => [
      ...(await ask(url + method('Ask'), { headers: JSON_TYPE, body: `{"text":"${'x'.repeat(2_000)}"}` })),
      ...(await ask(url + method('Up'), { headers: NDJSON, body: `{"text":"${'x'.repeat(2_000)}"}\n` })),
    ],
    { limits: { maxMessageBytes: 1_000 } },
  ),
  METADATA_TOO_LARGE: badService(() => {}, everywhere, { maxHeaderListSize: 100 }),
  ADDRESS_LIMIT: using(
    { Down: [{ wait: never }], Ask: [{ wait: never }] },
    async ({ url, upstream }) => {
      const { socket } = await open(url + method('Down'), { headers: JSON_TYPE, body: '{}' });
      await upstream.call(method('Down'));
      const answers = await ask(url + method('Ask'), { headers: JSON_TYPE, body: '{}' });
      const { text } = await http(url + method('Ask'), { headers: JSON_TYPE, body: '{}' });
      const [info] = JSON.parse(text).error.details;
      socket.destroy();
      return [...answers, info.metadata.flag === '--exchanges-per-address' ? info.reason : 'no flag'];
    },
    { limits: { exchangesPerAddress: 1, headWaitMs: 1 } },
  ),
  UPLOAD_TOO_LARGE: using(
    { Store: [{ in: 'end' }] },
    ({ url }) =>
      ask(`${url}/foreign/files/a`, {
        method: 'PUT',
        headers: { 'content-type': 'application/octet-stream' },
        body: Buffer.alloc(11),
      }),
    { limits: { uploadBytes: 10 } },
  ),
  RATE_LIMIT: using(
    { Ask: [{ in: 'end' }, { out: new Uint8Array(0) }] },
    async ({ url, wsUrl }, t) => {
      const session = await openSession(wsUrl);
      await session.send(openOf(1, 'Ask'), { halfClose: { id: 1 } }, openOf(2, 'Ask'));
      const answers = [
        told((await session.all(2)).at(-1)?.end?.status).reason,
        ...(await ask(url + method('Ask'), { headers: JSON_TYPE, body: '{}' })),
      ];
      await t.rejects(connect(wsUrl + method('Ask')), { message: 'HTTP 429' });
      return answers;
    },
    { limits: { callsPerSecond: 1, callsBurst: 2 } },
  ),
  GATEWAY_LIMIT: using(
    { Down: [{ wait: never }] },
    async ({ url, wsUrl, upstream }, t) => {
      const { socket } = await open(url + method('Down'), { headers: JSON_TYPE, body: '{}' });
      await upstream.call(method('Down'));
      const sse = { accept: 'text/event-stream' };
      const answers = [
        ...(await ask(url + method('Ask'), { headers: JSON_TYPE, body: '{}' })),
        ...(await ask(url + method('Numbered'), { headers: sse })),
        ...(await ask(url + method('Numbered'), { method: 'HEAD', headers: sse })),
      ];
      await t.rejects(connect(wsUrl + method('Ask')), { message: 'HTTP 503' });
      socket.destroy();
      return answers;
    },
    { limits: { exchanges: 1, headWaitMs: 1 } },
  ),
  MESSAGE_TIMEOUT: using(
    { Ask: [{ wait: never }] },
    ({ url }, t) =>
      askRaw(t, url, `${post(method('Ask'), 'application/json', 'content-length: 9\r\n')}\r\n{`),
    { limits: { messageTimeoutMs: 200 } },
  ),
  BODY_IDLE: using(
    { Up: [{ in: 'end' }] },
    ({ url }, t) =>
      askRaw(t, url, `${post(method('Up'), 'application/x-ndjson', 'content-length: 9\r\n')}\r\n{}\n`),
    { limits: { bodyIdleMs: 200, messageTimeoutMs: 10_000 } },
  ),
  FIRST_MESSAGE_TIMEOUT: using(
    { Up: [{ wait: never }] },
    async ({ wsUrl }) => [
      ...(await inSessions(wsUrl, openOf(1, 'Up'))),
      await onSocket(wsUrl + method('Up')),
    ],
    { limits: { bodyIdleMs: 200 } },
  ),
  DEADLINE_PASSED: using(
    { Ask: [{ wait: never }], Down: [{ out: new Uint8Array(0) }, { wait: never }], Fetch: [{ wait: never }] },
    async ({ url, wsUrl }) => {
      const soon = { ...JSON_TYPE, 'grpc-timeout': '300m' };
      const down = { headers: { ...soon, accept: 'text/event-stream' }, body: '{}' };
      const pass = async () => [
        ...(await ask(url + method('Ask'), { headers: soon, body: '{}' })),
        reasonOfBody((await http(url + method('Down'), down)).text),
        reasonOfBody((await http(url + method('Down'), { headers: soon, body: '{}' })).text),
        ...(await ask(`${url}/foreign/files/a`, { headers: { 'grpc-timeout': '300m' } })),
        ...(await inSessions(wsUrl, openOf(1, 'Ask', { timeoutMs: 300 }), { message: { id: 1, data: {} } })),
        reasonOfClose(
          await (await connect(wsUrl + method('Down'), { headers: { 'grpc-timeout': '300m' } })).closed,
        ),
      ];
      // The service counts the same time, and on a busy machine it may be the first to end a call: then the end is the service's own.
      let reasons = await pass();
      for (let tries = 1; tries < 10 && reasons.some(isUntold); tries += 1) {
        const again = await pass();
        reasons = again.map((reason, at) => (isUntold(reason) ? reasons[at] : reason));
      }
      return reasons;
    },
  ),
  CLIENT_STALLED: using(
    { Down: [{ in: 'end' }, { out: new Uint8Array(0), times: 5 }] },
    ({ wsUrl }) => inSessions(wsUrl, openOf(1, 'Down', { credit: 0 }), { message: { id: 1, data: {} } }),
    { limits: { maxPauseMs: 300 } },
  ),
  CLIENT_TOO_SLOW: using(
    { Down: [{ in: 'end' }, { out: new Uint8Array(0), times: 5 }] },
    ({ wsUrl }) => inSessions(wsUrl, openOf(1, 'Down', { credit: 0 }), { message: { id: 1, data: {} } }),
    {
      config: {
        methods: { 'foreign.v1.Foreign/Down': { slowReader: { policy: 'disconnect', afterMs: 200 } } },
      },
    },
  ),
  SERVICE_STALLED: using(
    { Up: [{ wait: never }] },
    async ({ url }) => {
      const sent = send(url + method('Up'), { method: 'POST', headers: NDJSON });
      const line = `{"text":"${'x'.repeat(60_000)}"}\n`;
      sent.write(line.repeat(100));
      const answer = await new Promise<Parameters<typeof read>[0]>((resolve) =>
        sent.once('response', resolve),
      );
      return [reasonOfBody((await read(answer)).text)];
    },
    { limits: { maxPauseMs: 500 } },
  ),
  CANCELLED: using({ Down: [{ wait: never }] }, ({ wsUrl }) =>
    inSessions(wsUrl, openOf(1, 'Down'), { message: { id: 1, data: {} } }, { cancel: { id: 1 } }),
  ),
  DRAINING: using(
    { Ask: [{ wait: never }], Down: [{ wait: never }] },
    async ({ url, wsUrl, upstream, gateway }) => {
      const session = await openSession(wsUrl);
      await session.send(openOf(1, 'Ask'), { message: { id: 1, data: {} } });
      const { response } = await open(url + method('Down'), { headers: JSON_TYPE, body: '{}' });
      await upstream.call(method('Ask'));
      void gateway.close();
      const stream = await read(response);
      for (let frame = await session.next(); frame?.goAway === undefined; frame = await session.next());
      await session.send(openOf(2, 'Ask'));
      const end = (await session.all(2)).at(-1)?.end;
      session.test.socket.terminate();
      return [reasonOfBody(stream.text), told(end?.status).reason];
    },
  ),
  SCHEMA_NOT_LOADED: async (t) => {
    const { url } = await openForeign(t, {}, { upstream: '127.0.0.1:9', schema: undefined as never });
    return await ask(url + method('Ask'), { headers: JSON_TYPE, body: '{}' });
  },
  UPSTREAM_UNREACHABLE: using({}, everywhere, { upstream: '127.0.0.1:9' }),
  UPSTREAM_NOT_GRPC: async (t) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => server.close());
    const { port } = server.address() as AddressInfo;
    return await everywhere(await openForeign(t, {}, { upstream: `127.0.0.1:${port}` }), t);
  },
  UPSTREAM_FULL: using(
    { Ask: [{ wait: never }] },
    async ({ url, upstream }) => {
      const call = { headers: JSON_TYPE, body: '{}' };
      const first = send(url + method('Ask'), { method: 'POST', headers: JSON_TYPE });
      first.end('{}');
      await upstream.call(method('Ask'));
      const answer = await ask(url + method('Ask'), call);
      first.destroy();
      return answer;
    },
    { upstreamConnections: 1, upstreamStreams: 1, limits: { exchangesPerAddress: 100 } },
  ),
  UPSTREAM_CONNECTION_LOST: badService((stream) => {
    stream.respond(GRPC);
    setTimeout(() => stream.session?.destroy(), 20);
  }, everywhere),
  // Without a head: with one Node may end the stream before it resets it.
  UPSTREAM_RESET: badService((stream) => stream.close(2), everywhere),
  UPSTREAM_HTTP_STATUS: badService((stream) => {
    stream.respond({ ':status': 502, 'content-type': 'text/html' });
    stream.end('<html>');
  }, everywhere),
  UPSTREAM_PROTOCOL_ERROR: badService((stream) => {
    stream.respond(GRPC);
    stream.end(Buffer.from([7, 0, 0, 0, 0]));
  }, everywhere),
  UPSTREAM_INVALID_MESSAGE: using(
    {
      Ask: [{ in: 'end' }, { out: Buffer.from([0xff]) }],
      Down: [{ in: 'end' }, { out: Buffer.from([0xff]) }],
    },
    async ({ url, wsUrl }) => [
      ...(await ask(url + method('Ask'), { headers: JSON_TYPE, body: '{}' })),
      reasonOfBody((await http(url + method('Down'), { headers: JSON_TYPE, body: '{}' })).text),
      await onSocket(wsUrl + method('Ask'), '{}'),
    ],
  ),
  UPSTREAM_TOO_LARGE: using(
    { Ask: [{ in: 'end' }, { out: new Uint8Array(2_000) }] },
    ({ url }) => ask(url + method('Ask'), { headers: JSON_TYPE, body: '{}' }),
    { limits: { maxMessageBytes: 1_000 } },
  ),
};

/** What is not provoked here, and why. */
const ELSEWHERE: { readonly [Name in Reason]?: string } = {
  METHOD_LEFT_OUT: 'needs a schema that is broken in part: schema-problems.test.ts',
  PIPELINE_LIMIT: 'needs many pipelined requests: gateway.test.ts',
  SESSION_LIMIT: 'needs 16 MiB that wait: session/rules.test.ts',
  HEAD_TIMEOUT: 'Node looks for it once in some seconds: liveness.test.ts',
  GAP: 'a method with cursors has none: surfaces/positions.test.ts',
  CALL_NOT_FOUND:
    'needs a method with a rule: surfaces/recordings.test.ts, recording/record/recordings.test.ts',
  CALL_GONE: 'the same',
  IDEMPOTENCY_CONFLICT: 'the same',
  DETACHED_LIMIT: 'the same',
  RECORDING_FULL: 'the same',
  SERVICE_SILENT: 'the same',
  JOURNAL_UNREACHABLE: 'needs NATS: recording/record/replicas.test.ts',
  LEADER_LOST: 'the same',
  CLIENT_LEFT: 'the client has left, so only the log could show it',
  CREDENTIAL_NEEDED: 'needs an issuer: identity.test.ts',
  CREDENTIAL_INVALID: 'the same',
  CREDENTIAL_EXPIRED: 'needs a token that ends: surfaces/expiry.test.ts',
  ACCESS_DENIED: 'the same',
  KEYS_UNREACHABLE: 'the same',
  AUTHORIZATION_DENIED: 'needs an authorization service: ext-authz.test.ts',
  AUTHORIZATION_UNREACHABLE: 'the same',
  PRINCIPAL_LIMIT: 'needs an issuer: exchange-limits.test.ts',
  INTERNAL: 'a defect, of which none is known',
};

for (const [reason, provoke] of Object.entries(PROVOKED)) {
  t.test(`${reason} is told`, async (t) => {
    const reasons = await provoke(t);
    t.ok(reasons.length > 0);
    t.same(
      reasons,
      reasons.map(() => reason),
    );
  });
}

t.test('every reason is provoked, or it is said why not', (t) => {
  const named = [...Object.keys(PROVOKED), ...Object.keys(ELSEWHERE)];
  t.same(named.toSorted(), Object.keys(REASONS).toSorted());
  t.end();
});

t.test(
  "an error of the service passes with its own details only, also where the code is one of the gateway's",
  async (t) => {
    const details = await statusBytes(4, 'its own deadline', '1s');
    const end = { status: 'DEADLINE_EXCEEDED', message: 'its own deadline', details } as const;
    const { url, wsUrl } = await openForeign(t, {
      Ask: [{ in: 'end' }, end],
      Down: [{ in: 'end' }, { out: await bytes({ number: 1 }) }, end],
      Fetch: [{ in: 'end' }, { status: 'NOT_FOUND', message: 'its own' }],
    });
    const call = { headers: JSON_TYPE, body: '{}' };
    const RETRY = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1s' }];
    const unary = await http(url + method('Ask'), call);
    t.equal(unary.headers['sluice-reason'], undefined);
    t.same(JSON.parse(unary.text).error.details, RETRY);
    const stream = await http(url + method('Down'), call);
    t.same(JSON.parse(stream.text.trim().split('\n').at(-1) ?? '').error.details, RETRY);
    const file = await http(`${url}/foreign/files/a`);
    t.same(
      [file.status, file.headers['sluice-reason'], JSON.parse(file.text).error.details],
      [404, undefined, []],
    );
    for (const protocol of PROTOCOLS) {
      const session = await openSession(wsUrl, protocol);
      await session.send(openOf(1, 'Ask'), { message: { id: 1, data: {} } });
      const last = (await session.all(1)).at(-1)?.end?.status as { details: unknown };
      t.same(last.details, RETRY, protocol);
      session.test.socket.terminate();
    }
    const socket = await connect(wsUrl + method('Ask'));
    socket.socket.send('{}');
    t.same(await socket.closed, { code: 4004, reason: 'DEADLINE_EXCEEDED: its own deadline' });
  },
);
