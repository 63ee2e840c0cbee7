import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import type { Test } from 'tap';

export interface HttpOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  readonly bytes: Buffer;
  /** The body ended as HTTP says; false when the transfer was broken. */
  readonly complete: boolean;
  /** A broken transfer ended with this error code of the socket, for example ECONNRESET; a FIN is "aborted". */
  readonly error: string | undefined;
}

/** One request on a connection of its own, read to its end, whatever that is. */
export async function http(url: string, options: HttpOptions = {}): Promise<HttpAnswer> {
  const { response } = await open(url, options);
  return await read(response);
}

/** The same as JSON. */
export async function httpJson(
  url: string,
  options: HttpOptions = {},
): Promise<{ status: number; json: unknown }> {
  const answer = await http(url, options);
  return { status: answer.status, json: JSON.parse(answer.text) };
}

/** Sends a request and resolves with its head; nothing of the body is read until somebody does. */
export async function open(
  url: string,
  options: HttpOptions = {},
): Promise<{ readonly response: IncomingMessage; readonly socket: Socket }> {
  const sent = send(url, options);
  sent.end(options.body ?? undefined);
  return { response: await head(sent), socket: sent.socket as Socket };
}

/** A request whose body is still open: write to it, end it. Its errors are ignored: tests look at what the service saw. */
export function send(url: string, options: HttpOptions = {}): ClientRequest {
  const sent = request(url, {
    method: options.method ?? (options.body === undefined ? 'GET' : 'POST'),
    headers: options.headers ?? {},
    agent: false,
  });
  sent.on('error', () => {});
  return sent;
}

export function head(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.once('response', resolve);
    sent.once('error', reject);
  });
}

export async function read(response: IncomingMessage): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let error: string | undefined;
  await new Promise<void>((resolve) => {
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', (reason: NodeJS.ErrnoException) => {
      error = reason.message === 'aborted' ? 'aborted' : (reason.code ?? reason.message);
    });
    response.on('close', resolve);
    // It may have been cut before anybody read it.
    if (response.closed) resolve();
  });
  const bytes = Buffer.concat(chunks);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: bytes.toString('utf8'),
    bytes,
    complete: response.complete,
    error,
  };
}

/** Events of a whole SSE body, as [event, id, data] with data parsed; comments and retry are left out. */
export function sseEvents(text: string): { event: string; id?: string; retry?: string; data: unknown }[] {
  return text
    .split('\n\n')
    .filter((block) => /^data:/m.test(block))
    .map((block) => {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
      const id = field('id');
      const retry = field('retry');
      return {
        event: field('event') ?? 'message',
        ...(id === undefined ? {} : { id }),
        ...(retry === undefined ? {} : { retry }),
        data: JSON.parse(field('data') ?? 'null'),
      };
    });
}

/** Waits until a condition holds, looking after every turn of the event loop; fails the test after half a minute, which is for what hangs. */
export async function until(t: Test, what: string, condition: () => boolean): Promise<void> {
  // Longer, and the gateway's own limits (`unaryTimeoutMs`) would end what should have ended by itself.
  const end = Date.now() + 30_000;
  while (!condition()) {
    if (Date.now() > end) {
      t.fail(`waited 30 s for: ${what}`);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Time alone says nothing of a process that was stalled: whatever moves within it moves in so many turns of its event loop. */
const QUIET_TURNS = 1_000;

/** Waits until a number has not changed for a while: how a stall looks. Resolves with it. It may have to be asked for. */
export async function settled(value: () => number | Promise<number>, quietMs = 300): Promise<number> {
  let last = await value();
  let since = Date.now();
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    const isLong = Date.now() - since >= quietMs;
    for (let n = 0; isLong && n < QUIET_TURNS; n += 1) await new Promise((resolve) => setImmediate(resolve));
    const now = await value();
    if (now !== last) {
      last = now;
      since = Date.now();
    } else if (isLong) return last;
  }
}
