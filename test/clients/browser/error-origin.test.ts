import type { ServerResponse } from 'node:http';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { createClient, SluiceError } from '../../../clients/browser/index.js';
import { openGateway } from '../../../gateway/index.js';
import { openCore } from '../../../grpc-core/index.js';
import { closeInTeardown } from '../../support/given-back.js';
import { openRelay } from '../relay.js';
import { openScriptedServer, type Script, sendEvents } from './scripted-server.js';
import { openScriptedSessions } from './scripted-sessions.js';

const method = 'demo.Clock/Tick';
const info = (reason: string, domain: string) => ({
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason,
  domain,
});
const other = { '@type': 'type.googleapis.com/google.rpc.RequestInfo', requestId: 'r' };

/** Details of a status, and the origin that a page reads from them. */
const origins: readonly [
  readonly unknown[],
  { readonly reason: string | undefined; readonly domain: string | undefined },
][] = [
  [[other, info('NO_SUCH_METHOD', 'sluice')], { reason: 'NO_SUCH_METHOD', domain: 'sluice' }],
  [[info('SOLD_OUT', 'shop.example')], { reason: 'SOLD_OUT', domain: 'shop.example' }],
  [[info('FIRST', 'sluice'), info('SECOND', 'shop.example')], { reason: 'FIRST', domain: 'sluice' }],
  [[other], { reason: undefined, domain: undefined }],
  [[], { reason: undefined, domain: undefined }],
  [[{ ...info('', ''), reason: 7 }], { reason: undefined, domain: undefined }],
];

/** How an error with these details reaches a client, by each way in. */
const ways: Record<string, (t: Test, details: readonly unknown[]) => Promise<unknown>> = {
  'unary: the JSON of an HTTP error': (t, details) =>
    overHttp(
      t,
      ({ response }) => sendError(response, details),
      (client) => client.unary(method, {}),
    ),
  'server stream: an HTTP error before the head': (t, details) =>
    overHttp(
      t,
      ({ response }) => sendError(response, details),
      (client) => client.serverStream(method, {}).next(),
    ),
  'server stream: the error event': (t, details) =>
    overHttp(
      t,
      ({ response }) => sendEvents(response, event('error', { error: errorObject(details) })),
      (client) => client.serverStream(method, {}).next(),
    ),
  'server stream: the end event': (t, details) =>
    overHttp(
      t,
      ({ response }) => sendEvents(response, event('end', { status: status(details), trailers: {} })),
      (client) => client.serverStream(method, {}).next(),
    ),
  'call over HTTP: an HTTP error': (t, details) =>
    overHttp(t, withoutSessions(details), (client) => client.call(method, { request: {} }).result()),
  'call over HTTP: the error event': (t, details) =>
    overHttp(t, withoutSessions(undefined, event('error', { error: errorObject(details) })), (client) =>
      client.call(method, { request: {} }).result(),
    ),
  'call over HTTP: the end event': (t, details) =>
    overHttp(
      t,
      withoutSessions(undefined, event('end', { status: status(details), trailers: {} })),
      (client) => client.call(method, { request: {} }).result(),
    ),
  'call: the end frame of a session': async (t, details) => {
    const sessions = await openScriptedSessions(t);
    const client = createClient({ baseUrl: sessions.url, WebSocket });
    t.teardown(() => client.close());
    const call = client.call(method, { request: {} });
    const peer = await sessions.peer(0);
    await peer.take('open');
    peer.send('end', { id: 1, status: status(details), trailers: {} });
    const failed = await failureOf(call.result());
    const { reason, domain } = await call.status;
    t.match(failed, { reason, domain }, 'the status says the same');
    throw failed;
  },
};

for (const [way, fail] of Object.entries(ways)) {
  t.test(`${way} tells who refused the call, and why`, async (t) => {
    for (const [details, origin] of origins) {
      const error = await failureOf(fail(t, details));
      t.type(error, SluiceError);
      const { code, reason, domain } = error as SluiceError;
      t.same({ code, reason, domain }, { code: 5, ...origin });
    }
  });
}

t.test('a gateway and a service refuse a call in different ways', async (t) => {
  const log = pino({ level: 'silent' });
  const core = await openCore({ listen: '127.0.0.1:0', dataDir: t.testdir(), log });
  t.teardown(() => core.close());
  const gateway = await openGateway({
    upstream: core.address,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    graceMs: 100,
    log,
  });
  closeInTeardown(t, gateway);
  const relay = await openRelay(t, gateway.url);
  relay.onUpgrade(403);
  const client = createClient({ baseUrl: gateway.url, WebSocket });
  t.teardown(() => client.close());
  const blocked = createClient({ baseUrl: relay.url, WebSocket });
  t.teardown(() => blocked.close());
  const unknown = 'streaming.StreamingService/Nothing';
  const quote = 'streaming.StreamingService/GetStockQuote';
  const chat = 'streaming.StreamingService/Chat';
  const refused = { symbol: '' };
  const malformed = { nonsense: 1 };
  const closed = async (message: unknown) => {
    const socket = client.socket(chat);
    await socket.send(message);
    return await socket.next();
  };
  const cases: [string, () => Promise<unknown>, string, string | undefined][] = [
    ['unary, gateway', () => client.unary(unknown, {}), 'NOT_FOUND', 'PATH_NOT_FOUND'],
    ['unary, service', () => client.unary(quote, refused), 'INVALID_ARGUMENT', undefined],
    ['stream, gateway', () => client.serverStream(unknown, {}).next(), 'NOT_FOUND', 'PATH_NOT_FOUND'],
    [
      'call, gateway',
      () => client.call(unknown, { request: {} }).result(),
      'UNIMPLEMENTED',
      'METHOD_NOT_FOUND',
    ],
    ['call, service', () => client.call(quote, { request: refused }).result(), 'INVALID_ARGUMENT', undefined],
    [
      'call, its message',
      () => client.call(quote, { request: malformed }).result(),
      'INVALID_ARGUMENT',
      'INVALID_MESSAGE',
    ],
    [
      'call over HTTP, gateway',
      () => blocked.call(unknown, { request: {} }).result(),
      'UNIMPLEMENTED',
      'METHOD_NOT_FOUND',
    ],
    [
      'call over HTTP, service',
      () => blocked.call(quote, { request: refused }).result(),
      'INVALID_ARGUMENT',
      undefined,
    ],
    ['socket, gateway', () => closed(malformed), 'INVALID_ARGUMENT', 'INVALID_MESSAGE'],
    ['socket, service', () => closed({}), 'INVALID_ARGUMENT', undefined],
  ];
  for (const [name, call, code, reason] of cases) {
    const error = (await failureOf(call())) as SluiceError;
    const domain = reason === undefined ? undefined : 'sluice';
    t.same(
      { status: error.status, reason: error.reason, domain: error.domain },
      { status: code, reason, domain },
      `${name}: ${error.message}`,
    );
    t.notMatch(error.message, /\[sluice/, name);
  }
});

t.test('errors of the client itself have no origin', async (t) => {
  const client = createClient({ baseUrl: 'http://127.0.0.1:1' });
  const error = await failureOf(client.unary(method, {}));
  t.match(error, { status: 'UNAVAILABLE', reason: undefined, domain: undefined });
});

/** A gateway whose WebSockets are blocked; other requests get an HTTP error, or these events. */
function withoutSessions(details: readonly unknown[] | undefined, ...events: readonly string[]): Script {
  return ({ request, response }) => {
    if (request.url === '/_sluice/session') response.writeHead(426).end();
    else if (details !== undefined) sendError(response, details);
    else sendEvents(response, ...events);
  };
}

async function overHttp(
  t: Test,
  script: Script,
  call: (client: ReturnType<typeof createClient>) => Promise<unknown>,
): Promise<unknown> {
  const server = await openScriptedServer([script]);
  t.teardown(() => server.close());
  const client = createClient({ baseUrl: server.url, WebSocket });
  t.teardown(() => client.close());
  return await call(client);
}

async function failureOf(pending: Promise<unknown>): Promise<unknown> {
  return await pending.then(
    () => undefined,
    (error: unknown) => error,
  );
}

function status(details: readonly unknown[]) {
  return { code: 5, message: 'not here', details };
}

function errorObject(details: readonly unknown[]) {
  return { code: 404, status: 'NOT_FOUND', message: 'not here', details };
}

function event(name: string, data: unknown): string {
  return `event: ${name}\nid: ~end\ndata: ${JSON.stringify(data)}\n\n`;
}

function sendError(response: ServerResponse, details: readonly unknown[]): void {
  response.writeHead(404, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: errorObject(details) }));
}
