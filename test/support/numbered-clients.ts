import { credentials, Metadata, makeClientConstructor } from '@grpc/grpc-js';
import type { Test } from 'tap';
import { frame, framesOf, webAnswer } from './grpc-frames.js';
import { http } from './http.js';
import { answerTo, connectHttp2 } from './http2-client.js';
import { askOf, idOfItem } from './numbered.js';
import { connect } from './websocket.js';

/** What a client of a numbered stream got. */
export interface Numbers {
  readonly ids: number[];
  /** The gRPC code; -1 where the transfer broke, or the answer is no stream. */
  readonly code: number;
  /** The header `sluice-last-event-id`, where there is one. */
  readonly position?: string | undefined;
  readonly status?: number;
}

export interface NumbersAsked {
  readonly count: number;
  /** The id to go on after. */
  readonly last?: string | undefined;
  /** Metadata of the call. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly method?: string;
  /** What the client shows. */
  readonly authorization?: string;
}

/** A way to ask for numbers. */
export interface NumberedClient {
  readonly name: string;
  /** It has no gRPC status besides its HTTP status. */
  ask(t: Test, url: string, asked: NumbersAsked): Promise<Numbers>;
}

const HEADER = 'sluice-last-event-id';
const NAMES: Readonly<Record<string, number>> = {
  OK: 0,
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  RESOURCE_EXHAUSTED: 8,
  OUT_OF_RANGE: 11,
  INTERNAL: 13,
  UNAVAILABLE: 14,
};

function own({ metadata = {}, last, authorization }: NumbersAsked): Record<string, string> {
  const headers: Record<string, string> = last === undefined ? {} : { 'last-event-id': last };
  if (authorization !== undefined) headers.authorization = authorization;
  for (const [name, value] of Object.entries(metadata)) headers[`grpc-metadata-${name}`] = value;
  return headers;
}

function rpc({ metadata = {}, last, authorization }: NumbersAsked): Record<string, string> {
  return {
    ...metadata,
    ...(authorization !== undefined && { authorization }),
    ...(last !== undefined && { 'last-event-id': last }),
  };
}

interface Element {
  readonly id?: number;
  readonly error?: { readonly status: string };
}

function own1(name: string, accept: string, elements: (text: string) => Element[]): NumberedClient {
  return {
    name,
    async ask(_t, url, asked) {
      const { method = 'Numbers', count } = asked;
      const { status, headers, text, complete } = await http(`${url}/t.S/${method}?count=${count}`, {
        headers: { accept, ...own(asked) },
      });
      const position = headers[HEADER] as string | undefined;
      if (status !== 200) return { ids: [], code: Number(headers['grpc-status'] ?? -1), position, status };
      const ids: number[] = [];
      let code = complete ? 0 : -1;
      for (const { error, id = 0 } of elements(text)) {
        if (error === undefined) ids.push(id);
        else code = NAMES[error.status] ?? -2;
      }
      return { ids, code, position, status };
    },
  };
}

/** The elements of an array, also of one that is not whole. */
function elementsOfArray(text: string): Element[] {
  const trimmed = text.trim();
  return JSON.parse(trimmed.endsWith(']') ? trimmed : `${trimmed}]`);
}

const linesOf = (text: string): Element[] =>
  text
    .replaceAll('\x1e', '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

function eventsOf(text: string): Element[] {
  const elements: Element[] = [];
  for (const block of text.split('\n\n')) {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
    const data = field('data');
    if (data === undefined || field('event') === 'end') continue;
    const element = JSON.parse(data) as Element;
    const id = field('id');
    if (element.error === undefined && id !== undefined && id !== String(element.id)) throw new Error(block);
    elements.push(element);
  }
  return elements;
}

const websocket = (name: string, isBinary: boolean): NumberedClient => ({
  name,
  async ask(_t, url, asked) {
    const { count, last, method = 'Numbers' } = asked;
    const query = last === undefined ? '' : `?lastEventId=${encodeURIComponent(last)}`;
    const { socket, frames, closed } = await connect(`${url.replace('http', 'ws')}/t.S/${method}${query}`, {
      headers: own({ ...asked, last: undefined }),
    });
    socket.send(isBinary ? askOf(count) : JSON.stringify({ count }));
    const { code } = await closed;
    const ids = frames.map((data) =>
      typeof data === 'string' ? (JSON.parse(data).id ?? 0) : idOfItem(data),
    );
    return { ids, code: code === 1000 ? 0 : code - 4000 };
  },
});

const session: NumberedClient = {
  name: 'session',
  async ask(_t, url, { count, last, metadata = {}, method = 'Numbers', authorization }) {
    const client = await connect(`${url.replace('http', 'ws')}/_sluice/session`, {}, ['sluice.v1.json']);
    const { socket } = client;
    const send = (sent: object) => socket.send(JSON.stringify(sent));
    send({
      open: {
        id: 1,
        method: `t.S/${method}`,
        credit: 3,
        metadata: authorization === undefined ? metadata : { ...metadata, authorization },
        ...(last !== undefined && { cursor: last }),
      },
    });
    send({ message: { id: 1, data: { count } } });
    const ids: number[] = [];
    for (;;) {
      const text = await client.next();
      if (text === undefined) return { ids, code: -1 };
      const { message, end } = JSON.parse(String(text));
      if (end !== undefined) {
        socket.close();
        return { ids, code: end.status.code };
      }
      if (message === undefined) continue;
      if (method === 'Numbers' && message.cursor !== String(message.data.id))
        throw new Error(`cursor ${message.cursor}`);
      ids.push(message.data.id);
      send({ credit: { id: 1, messages: 1 } });
    }
  },
};

const native: NumberedClient = {
  name: 'grpc',
  async ask(t, url, asked) {
    const { method = 'Numbers', count } = asked;
    const connection = connectHttp2(t, url);
    const stream = connection.request({
      ':method': 'POST',
      ':path': `/t.S/${method}`,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...rpc(asked),
    });
    stream.end(frame(askOf(count)));
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    const { headers, trailers } = await answerTo(stream);
    connection.close();
    return {
      ids: framesOf(Buffer.concat(chunks)).map(({ bytes }) => idOfItem(bytes)),
      code: Number(trailers?.['grpc-status'] ?? headers['grpc-status'] ?? -1),
      position: headers[HEADER] as string | undefined,
    };
  },
};

const Client = makeClientConstructor({}, 'S');
const asIs = (bytes: Buffer) => bytes;

/** gRPC's own library, as people use it. */
const grpcJs: NumberedClient = {
  name: 'grpc-js',
  async ask(_t, url, asked) {
    const client = new Client(new URL(url).host, credentials.createInsecure());
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(rpc(asked))) metadata.set(name, value);
    const call = client.makeServerStreamRequest(
      `/t.S/${asked.method ?? 'Numbers'}`,
      asIs,
      asIs,
      askOf(asked.count),
      metadata,
    );
    const ids: number[] = [];
    let position: string | undefined;
    call.on('metadata', (initial) => {
      position = initial.get(HEADER)[0]?.toString();
    });
    call.on('data', (item: Buffer) => ids.push(idOfItem(item)));
    call.on('error', () => {});
    const { code } = await new Promise<{ code: number }>((resolve) => call.on('status', resolve));
    client.close();
    return { ids, code, position };
  },
};

const web: NumberedClient = {
  name: 'grpc-web',
  async ask(_t, url, asked) {
    const { headers, bytes } = await http(`${url}/t.S/${asked.method ?? 'Numbers'}`, {
      method: 'POST',
      headers: { 'content-type': 'application/grpc-web+proto', ...rpc(asked) },
      body: frame(askOf(asked.count)),
    });
    const { messages, trailers = [] } = webAnswer(bytes);
    const code = new Map(trailers).get('grpc-status') ?? headers['grpc-status'] ?? -1;
    return {
      ids: messages.map(idOfItem),
      code: Number(code),
      position: headers[HEADER] as string | undefined,
    };
  },
};

const connectStream: NumberedClient = {
  name: 'connect',
  async ask(_t, url, asked) {
    const { headers, bytes } = await http(`${url}/t.S/${asked.method ?? 'Numbers'}`, {
      method: 'POST',
      headers: { 'content-type': 'application/connect+json', ...rpc(asked) },
      body: frame(Buffer.from(JSON.stringify({ count: asked.count }))),
    });
    const frames = framesOf(bytes);
    const end = frames.pop();
    const error = end?.flag === 2 ? (JSON.parse(end.bytes.toString()).error?.code ?? 'ok') : 'broken';
    return {
      ids: frames.map((each) => JSON.parse(each.bytes.toString()).id),
      code: NAMES[error.toUpperCase()] ?? -1,
      position: headers[HEADER] as string | undefined,
    };
  },
};

/** Every surface that streams. */
export const NUMBERED_CLIENTS: readonly NumberedClient[] = [
  own1('sse', 'text/event-stream', eventsOf),
  own1('ndjson', 'application/x-ndjson', linesOf),
  own1('array', 'application/json', elementsOfArray),
  own1('json-seq', 'application/json-seq', linesOf),
  websocket('websocket, text', false),
  websocket('websocket, binary', true),
  session,
  native,
  grpcJs,
  web,
  connectStream,
];
