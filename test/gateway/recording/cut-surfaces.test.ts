import { request } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { openGateway } from '../../../gateway/index.js';
import { openCutWay } from '../../support/cut-way.js';
import { closeInTeardown } from '../../support/given-back.js';
import { frame, framesOf, fromBase64Pieces } from '../../support/grpc-frames.js';
import { askOf, idOfItem, NUMBERED_PROTO, openNumbered } from '../../support/numbered.js';
import { connect } from '../../support/websocket.js';
import { schemaFromText } from '../schema/schema-from-text.js';

// The connection of a client is cut behind every single byte that it gets, and it comes back with the id of the last message that came whole. SSE, NDJSON and sessions
// by their ids: cut.test.ts.

t.setTimeout(300_000);

const COUNT = 3;
const ALL = Array.from({ length: COUNT }, (_, index) => index + 1);
/** Clients that are cut at once. */
const AT_ONCE = 16;
/** Within a head of HTTP, which says nothing before it is whole, only each so many bytes. */
const HEAD_STEP = 31;

/** What has come whole of an answer, whatever became of the connection. */
type Ask = (url: string, last: number) => Promise<number[]>;

interface Asked {
  readonly path?: string;
  readonly headers: Record<string, string>;
  readonly body?: Buffer;
}

/** The body as far as it came, inflated as far as that goes. */
function bodyOf(url: string, last: number, { path, headers, body }: Asked): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let isGzip = false;
    const end = () => {
      const bytes = Buffer.concat(chunks);
      try {
        resolve(isGzip ? gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }) : bytes);
      } catch {
        resolve(Buffer.alloc(0));
      }
    };
    const sent = request(`${url}${path ?? `/t.S/Numbers?count=${COUNT}`}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: last === 0 ? headers : { ...headers, 'last-event-id': String(last) },
      agent: false,
    });
    sent.on('response', (response) => {
      isGzip = response.headers['content-encoding'] === 'gzip';
      if (isGzip !== (headers['accept-encoding'] === 'gzip')) response.destroy();
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', () => {});
      response.on('close', end);
    });
    sent.on('error', end);
    sent.end(body);
  });
}

const linesOf = (text: string) => text.split('\n').slice(0, -1);

const lines =
  (headers: Record<string, string>): Ask =>
  async (url, last) =>
    linesOf((await bodyOf(url, last, { headers })).toString()).map((line) => JSON.parse(line).id);

/** An event counts when the empty line behind it has come. */
const events: Ask = async (url, last) => {
  const headers = { accept: 'text/event-stream', 'accept-encoding': 'gzip' };
  const blocks = (await bodyOf(url, last, { headers })).toString().split('\n\n').slice(0, -1);
  return blocks
    .filter((block) => !block.includes('event: end'))
    .map((block) => Number(/^id: (\d+)$/m.exec(block)?.[1] ?? Number.NaN))
    .filter((id) => !Number.isNaN(id));
};

/** Elements that are whole: objects of one level. */
const array =
  (headers: Record<string, string>): Ask =>
  async (url, last) => {
    const text = (await bodyOf(url, last, { headers })).toString();
    return [...text.matchAll(/\{[^{}]*\}/g)].map(([element]) => JSON.parse(element).id as number);
  };

const sequence =
  (headers: Record<string, string>): Ask =>
  async (url, last) => {
    const text = (await bodyOf(url, last, { headers })).toString();
    return linesOf(text.replaceAll('\x1e', '')).map((line) => JSON.parse(line).id);
  };

const rpc =
  (headers: Record<string, string>, body: Buffer, idOf: (message: Buffer) => number): Ask =>
  async (url, last) => {
    const bytes = await bodyOf(url, last, { path: '/t.S/Numbers', headers, body });
    // Of base64 four characters are three bytes.
    const isText = headers['content-type']?.startsWith('application/grpc-web-text');
    const frames = isText ? fromBase64Pieces(wholeBase64(bytes.toString('latin1'))) : bytes;
    return framesOf(frames)
      .filter(({ flag }) => (flag & 0x82) === 0)
      .map(({ bytes }) => idOf(bytes));
  };

function wholeBase64(text: string): string {
  return text.slice(0, text.length - (text.length % 4));
}

/** `gzip`: the request comes compressed. Frames of an answer never do. */
const native =
  (gzip: boolean): Ask =>
  (url, last) =>
    new Promise((resolve) => {
      const chunks: Buffer[] = [];
      const session = connectHttp2(url);
      const end = () => {
        session.destroy();
        resolve(framesOf(Buffer.concat(chunks)).map(({ bytes }) => idOfItem(bytes)));
      };
      session.on('error', end);
      session.on('close', end);
      const stream = session.request({
        ':method': 'POST',
        ':path': '/t.S/Numbers',
        'content-type': 'application/grpc',
        te: 'trailers',
        ...(gzip && { 'grpc-encoding': 'gzip' }),
        ...(last > 0 && { 'last-event-id': String(last) }),
      });
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', () => {});
      stream.on('close', end);
      stream.end(gzip ? GZIP_ASK : frame(askOf(COUNT)));
    });

const socket =
  (isBinary: boolean): Ask =>
  async (url, last) => {
    const ids: number[] = [];
    try {
      const query = last === 0 ? '' : `?lastEventId=${last}`;
      const { socket, next } = await connect(`${url.replace('http', 'ws')}/t.S/Numbers${query}`);
      socket.send(isBinary ? askOf(COUNT) : JSON.stringify({ count: COUNT }));
      for (let data = await next(); data !== undefined; data = await next())
        ids.push(typeof data === 'string' ? JSON.parse(data).id : idOfItem(data as Buffer));
    } catch {
      // The handshake was cut.
    }
    return ids;
  };

const JSON_ASK = Buffer.from(JSON.stringify({ count: COUNT }));
const GZIP_ASK = frame(gzipSync(askOf(COUNT)), 1);
const idOfJson = (message: Buffer) => JSON.parse(message.toString()).id as number;

const SURFACES: Readonly<Record<string, Ask>> = {
  'NDJSON in gzip': lines({ accept: 'application/x-ndjson', 'accept-encoding': 'gzip' }),
  'SSE in gzip': events,
  'JSON array': array({ accept: 'application/json' }),
  'JSON array in gzip': array({ accept: 'application/json', 'accept-encoding': 'gzip' }),
  'JSON text sequence': sequence({ accept: 'application/json-seq' }),
  'JSON text sequence in gzip': sequence({ accept: 'application/json-seq', 'accept-encoding': 'gzip' }),
  'WebSocket, text': socket(false),
  'WebSocket, binary': socket(true),
  Connect: rpc({ 'content-type': 'application/connect+json' }, frame(JSON_ASK), idOfJson),
  'Connect, asked in gzip': rpc(
    {
      'content-type': 'application/connect+json',
      'connect-content-encoding': 'gzip',
      'connect-accept-encoding': 'gzip',
    },
    frame(gzipSync(JSON_ASK), 1),
    idOfJson,
  ),
  'Connect, binary, asked in gzip': rpc(
    { 'content-type': 'application/connect+proto', 'connect-content-encoding': 'gzip' },
    GZIP_ASK,
    idOfItem,
  ),
  'gRPC-Web': rpc({ 'content-type': 'application/grpc-web+proto' }, frame(askOf(COUNT)), idOfItem),
  'gRPC-Web, asked in gzip': rpc(
    {
      'content-type': 'application/grpc-web+proto',
      'grpc-encoding': 'gzip',
      'grpc-accept-encoding': 'gzip',
    },
    GZIP_ASK,
    idOfItem,
  ),
  'gRPC-Web in base64': rpc(
    { 'content-type': 'application/grpc-web-text' },
    Buffer.from(frame(askOf(COUNT)).toString('base64')),
    idOfItem,
  ),
  gRPC: native(false),
  'gRPC, asked in gzip': native(true),
};

async function serve(t: Test): Promise<string> {
  const service = await openNumbered(t, () => undefined);
  const gateway = await openGateway({
    upstream: service.target,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    schema: await schemaFromText(t, NUMBERED_PROTO),
    compress: 'all',
    log: pino({ level: 'silent' }),
    graceMs: 1_000,
  });
  closeInTeardown(t, gateway);
  return gateway.url;
}

t.test('every surface, cut at every byte', async (t) => {
  const url = await serve(t);
  const ways = await Promise.all(Array.from({ length: AT_ONCE }, () => openCutWay(t, url)));
  for (const [name, ask] of Object.entries(SURFACES)) {
    const [probe] = ways;
    if (probe === undefined) throw new Error('no way');
    probe.passed = 0;
    t.same(await ask(probe.url, 0), ALL, name);
    const bytes = probe.passed;
    // HTTP/2 has no head that comes first.
    const headBytes = name.startsWith('gRPC') && !name.startsWith('gRPC-Web') ? 0 : Math.min(150, bytes);
    const offsets: number[] = [];
    for (let at = 1; at <= bytes; at += at < headBytes ? HEAD_STEP : 1) offsets.push(at);
    let wrong = 0;
    await Promise.all(
      ways.map(async (way) => {
        for (let offset = offsets.shift(); offset !== undefined; offset = offsets.shift()) {
          way.most = offset;
          const ids = await ask(way.url, 0);
          way.most = Number.POSITIVE_INFINITY;
          if (ids.length < COUNT) ids.push(...(await ask(way.url, ids.at(-1) ?? 0)));
          if (JSON.stringify(ids) === JSON.stringify(ALL)) continue;
          wrong += 1;
          if (wrong < 5) t.same(ids, ALL, `${name}, cut behind ${offset} bytes`);
        }
      }),
    );
    t.equal(wrong, 0, `${name}: ${bytes} offsets`);
  }
});
