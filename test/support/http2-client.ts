import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type ClientSessionOptions,
  connect,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2';
import type { Test } from 'tap';

/** A connection of HTTP/2 to a gateway, closed in the test's teardown; its errors are ignored: tests look at what the gateway does. */
export function connectHttp2(t: Test, url: string, options: ClientSessionOptions = {}): ClientHttp2Session {
  const session = connect(new URL(url).origin, options);
  session.on('error', () => {});
  t.teardown(() => session.destroy());
  return session;
}

export interface Http2Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly trailers: IncomingHttpHeaders | undefined;
  /** The stream ended as HTTP says, and was not reset. */
  readonly complete: boolean;
  /** The code of the reset, 0 without one. */
  readonly rstCode: number;
}

/** The whole answer to a request that has been sent. Resolves when its stream is closed, whatever it brought. */
export async function answerTo(stream: ClientHttp2Stream): Promise<Http2Answer> {
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders | undefined;
  const chunks: Buffer[] = [];
  stream.on('response', (head) => {
    headers = head;
  });
  stream.on('trailers', (fields) => {
    trailers = fields;
  });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('error', () => {});
  await new Promise((resolve) => stream.once('close', resolve));
  const rstCode = stream.rstCode ?? 0;
  return {
    status: Number(headers[':status'] ?? 0),
    headers,
    text: Buffer.concat(chunks).toString(),
    trailers,
    complete: stream.readableEnded && rstCode === 0,
    rstCode,
  };
}

/** A whole request and its whole answer. */
export function ask(
  session: ClientHttp2Session,
  path: string,
  headers: Record<string, string> = {},
  body?: string | Uint8Array,
): Promise<Http2Answer> {
  const method = body === undefined ? 'GET' : 'POST';
  const stream = session.request(
    { ':method': method, ':path': path, ...headers },
    { endStream: body === undefined },
  );
  if (body !== undefined) stream.end(body);
  return answerTo(stream);
}

/** `request` of node:http on a connection of HTTP/2, as far as the matrix uses it. */
export function requestOver(session: ClientHttp2Session) {
  return (url: string, { method = 'GET', headers = {} }: RequestOptions): ClientRequest => {
    const { pathname, search } = new URL(url);
    const stream = session.request(
      { ':method': method, ':path': pathname + search, ...(headers as Record<string, string>) },
      { endStream: false },
    );
    stream.on('error', () => {});
    const response = new Proxy(stream, { get: (target, name) => memberOf(target, name) });
    return new Proxy(stream, {
      get(target, name) {
        if (name === 'socket') return null;
        if (name === 'flushHeaders') return () => {};
        if (name === 'destroy') return () => target.close(constants.NGHTTP2_CANCEL);
        if (name !== 'once') return memberOf(target, name);
        return (event: string, listener: (value?: unknown) => void) => {
          if (event !== 'response') target.once(event, listener);
          else
            target.once('response', (head) => {
              Object.assign(target, { statusCode: head[':status'], headers: head });
              listener(response);
            });
        };
      },
    }) as unknown as ClientRequest;
  };
}

function memberOf(stream: ClientHttp2Stream, name: string | symbol): unknown {
  if (name === ('complete' satisfies keyof IncomingMessage))
    return stream.readableEnded && (stream.rstCode ?? 0) === 0;
  const value: unknown = Reflect.get(stream, name);
  return typeof value === 'function' ? value.bind(stream) : value;
}
