import { once } from 'node:events';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import type { CaseHeader, HttpVersion } from '../case-types.js';

/** What a call sends before its body; names in lower case. */
export interface CallHead {
  readonly verb: string;
  readonly path: string;
  readonly headers: readonly CaseHeader[];
  /** No body at all, not even an empty one. */
  readonly isBodiless?: boolean;
  /** Over HTTP/1.1 on a connection of its own: one that the server may close for what it has not read. */
  readonly isAlone?: boolean;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: readonly CaseHeader[];
  /** Ends with the answer, throws when it breaks. */
  readonly body: AsyncIterable<Buffer>;
  /** After the end of `body`. */
  trailers(): readonly CaseHeader[];
}

export interface HttpCall {
  /** Rejects when the call breaks before. */
  readonly answer: Promise<HttpAnswer>;
  /** Resolves when the bytes have been handed over, or the call is over. */
  write(bytes: Buffer): Promise<void>;
  end(): void;
  /** Breaks the call, if it is not over. */
  cancel(): void;
}

export interface HttpCalls {
  open(version: HttpVersion, head: CallHead): Promise<HttpCall>;
  close(): void;
}

/** Calls on one HTTP/2 connection at most at a time; the next get another one. */
const CALLS_PER_CONNECTION = 40;

/** No call waits for the reading of another one. */
const WINDOW = 16 * 1024 * 1024;

/** Client of one address, with both HTTP versions; `tls` for https. Close it when all calls are over. */
export function openHttpCalls(url: string, tls: ConnectionOptions = {}): HttpCalls {
  const isSecure = url.startsWith('https:');
  const { hostname, port } = new URL(url);
  const createAgent = () =>
    isSecure ? new HttpsAgent({ keepAlive: true, ...tls }) : new HttpAgent({ keepAlive: true });
  const shared = createAgent();
  const open1 = ({ verb, path, headers, isBodiless, isAlone }: CallHead): HttpCall => {
    const agent = isAlone ? createAgent() : shared;
    const request = (isSecure ? httpsRequest : httpRequest)({
      agent,
      hostname,
      port,
      method: verb,
      path,
      headers: {
        ...objectOf(headers),
        ...(isBodiless ? {} : { 'transfer-encoding': 'chunked' }),
      },
    });
    // What breaks is seen by who waits for the answer or reads it.
    request.on('error', () => {});
    const answer = once(request, 'response').then(([response]) => answer1(response as IncomingMessage));
    request.flushHeaders();
    return callOf(request, answer, () => {
      request.destroy();
      if (isAlone) agent.destroy();
    });
  };
  const sessions: { session: ClientHttp2Session; calls: number }[] = [];
  const open2 = async ({ verb, path, headers, isBodiless }: CallHead): Promise<HttpCall> => {
    let place = sessions.find(({ session, calls }) => calls < CALLS_PER_CONNECTION && !session.closed);
    if (place === undefined) {
      place = { session: connect(url, { ...tls, settings: { initialWindowSize: WINDOW } }), calls: 0 };
      const { session } = place;
      session.on('error', () => {});
      session.on('connect', () => session.setLocalWindowSize(WINDOW));
      sessions.push(place);
    }
    const mine = place;
    mine.calls += 1;
    const stream = mine.session.request(
      { ...objectOf(headers), ':method': verb, ':path': path },
      { endStream: isBodiless ?? false },
    );
    stream.on('error', () => {});
    stream.on('close', () => {
      mine.calls -= 1;
    });
    return callOf(stream, answer2(stream), () => stream.close(0x8));
  };
  return {
    open: async (version, head) => (version === 'HTTP_VERSION_1' ? open1(head) : open2(head)),
    close() {
      shared.destroy();
      for (const { session } of sessions) session.destroy();
    },
  };
}

interface Writable {
  readonly destroyed: boolean;
  readonly writableEnded: boolean;
  write(bytes: Buffer, done: () => void): unknown;
  end(): unknown;
  once(event: 'close', listener: () => void): unknown;
}

function callOf(request: Writable, answer: Promise<HttpAnswer>, cancel: () => void): HttpCall {
  answer.catch(() => {});
  return {
    answer,
    write: (bytes) =>
      new Promise<void>((resolve) => {
        if (request.destroyed || request.writableEnded) return resolve();
        request.once('close', resolve);
        request.write(bytes, () => resolve());
      }),
    end() {
      if (!request.destroyed && !request.writableEnded) request.end();
    },
    cancel,
  };
}

function answer1(response: IncomingMessage): HttpAnswer {
  // A body that nobody reads to its end would keep the connection.
  response.on('error', () => {});
  return {
    status: response.statusCode ?? 0,
    headers: headersOf(response.rawHeaders),
    body: response,
    trailers: () => headersOf(response.rawTrailers),
  };
}

async function answer2(stream: ClientHttp2Stream): Promise<HttpAnswer> {
  let trailers: readonly CaseHeader[] = [];
  stream.on('trailers', (...[, , raw]: unknown[]) => {
    trailers = headersOf(raw as string[]);
  });
  const heard = once(stream, 'response');
  const closed = once(stream, 'close').then(() => {
    throw new Error(`the stream was reset with ${stream.rstCode} before an answer`);
  });
  closed.catch(() => {});
  const [headers, , raw] = (await Promise.race([heard, closed])) as [
    Record<string, number>,
    number,
    string[],
  ];
  return {
    status: Number(headers[':status']),
    headers: headersOf(raw).filter(({ name }) => !name.startsWith(':')),
    body: bodyOf(stream),
    trailers: () => trailers,
  };
}

/** A stream that was reset with NO_ERROR or CANCEL ends quietly otherwise. */
async function* bodyOf(stream: ClientHttp2Stream): AsyncGenerator<Buffer> {
  yield* stream;
  if (stream.rstCode !== 0) throw new Error(`the stream was reset with ${stream.rstCode}`);
}

function objectOf(headers: readonly CaseHeader[]): Record<string, string | string[]> {
  return Object.fromEntries(
    headers.map(({ name, value = [] }) => [name, value.length === 1 ? (value[0] as string) : [...value]]),
  );
}

/** Names in lower case, each once, with all its values in their order. */
export function headersOf(raw: readonly string[]): CaseHeader[] {
  const map = new Map<string, string[]>();
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] as string).toLowerCase();
    const values = map.get(name);
    if (values === undefined) map.set(name, [raw[at + 1] as string]);
    else values.push(raw[at + 1] as string);
  }
  return [...map].map(([name, value]) => ({ name, value }));
}

export function headerValue(headers: readonly CaseHeader[], name: string): string | undefined {
  return headers.find((header) => header.name === name)?.value?.[0];
}
