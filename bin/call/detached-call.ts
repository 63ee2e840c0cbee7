import type { IncomingMessage } from 'node:http';
import { ByteWriter, type Codec } from '../../gateway/codec/index.js';
import type { Method } from '../../gateway/schema/index.js';
import { Code, codeFromNumber } from '../../gateway/status/index.js';
import { CALLS_PATH, locationInPath } from '../../gateway/wire/index.js';
import { escaped } from '../escaped.js';
import { UsageError } from '../options/index.js';
import { CallFailure, endLines, endOfErrorJson, exitCodeOf } from './call-end.js';
import type { CallLink } from './call-link.js';
import { headerId } from './exchange.js';
import { askGateway, headersOfMetadata } from './gateway-request.js';
import type { JsonPrinter } from './json-printer.js';
import { failureOfAnswer, readBody } from './link-schema.js';
import type { Pace } from './pace.js';
import { readEvents } from './sse-reader.js';
import type { TextOutput } from './text-output.js';

/** The longest answer that is read as a whole, and the longest event, in bytes. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** The most milliseconds that a timeout of gRPC can say. */
const MAX_TIMEOUT_MS = 99_999_999;

/** A call that is to go on without us. */
export interface DetachOptions {
  readonly link: CallLink;
  readonly method: Method;
  readonly messages: AsyncIterable<Uint8Array>;
  readonly codec: Codec;
  readonly deadlineMs: number | undefined;
  readonly signal: AbortSignal;
  readonly output: TextOutput;
}

/** Begins a call that goes on without us, and writes where it is found. Resolves with the exit code. Rejects with `CallFailure`. */
export async function detachCall(options: DetachOptions): Promise<number> {
  const { link, method, output, signal } = options;
  const answer = await askGateway(
    link,
    {
      method: 'POST',
      path: method.path,
      headers: {
        ...headersOfMetadata(link.metadata),
        ...timeoutHeader(options.deadlineMs),
        'content-type': method.requestStream ? 'application/x-ndjson' : 'application/json',
        prefer: 'respond-async',
      },
      signal,
    },
    jsonLines(options),
  );
  const { location } = answer.headers;
  if (answer.statusCode === 202 && location !== undefined) {
    await output.write(`${new URL(location, rootOf(link)).href}\n`);
    return 0;
  }
  if (answer.statusCode === 200) {
    answer.destroy();
    throw new UsageError(
      `--detach: the gateway does not record ${method.path.slice(1)}, so its calls end with their clients`,
    );
  }
  throw failureOfAnswer(link, answer.statusCode ?? 0, await readBody(answer, MAX_ANSWER_BYTES));
}

async function* jsonLines({ method, messages, codec }: DetachOptions): AsyncGenerator<Uint8Array> {
  for await (const message of messages) {
    const line = new ByteWriter(0);
    codec.forMessage(method.input).writeJson(message, 0, message.length, line);
    line.text('\n');
    yield line.take();
  }
}

/** A call that was detached, to be read. */
export interface JoinOptions {
  readonly link: CallLink;
  readonly location: string;
  readonly resume: string | undefined;
  readonly deadlineMs: number | undefined;
  readonly pace: Pace | undefined;
  readonly printer: JsonPrinter;
  /** Where the printer writes; when nothing reads it any more, the call is left. */
  readonly output: TextOutput;
  readonly signal: AbortSignal;
  readonly tell: (lines: readonly string[]) => void;
}

/** Prints what a detached call answers, from its beginning or behind an id, until it ends. Resolves with the exit code. Rejects with `CallFailure`. */
export async function joinCall(options: JoinOptions): Promise<number> {
  const { link } = options;
  const signal =
    options.deadlineMs === undefined
      ? options.signal
      : AbortSignal.any([options.signal, AbortSignal.timeout(options.deadlineMs)]);
  const headers = {
    ...headersOfMetadata(link.metadata),
    accept: 'text/event-stream, application/json;q=0.5',
    ...(options.resume === undefined ? {} : { 'last-event-id': headerId(options.resume) }),
  };
  try {
    const answer = await askGateway(link, {
      method: 'GET',
      path: pathOfLocation(options.location),
      headers,
      signal,
    });
    const leave = () => answer.destroy();
    void options.output.lost.then(leave);
    return await printed(answer, options);
  } catch (reason) {
    if (options.signal.aborted || !signal.aborted) throw reason;
    throw new CallFailure({ code: Code.DEADLINE_EXCEEDED, message: 'the deadline has passed' }, reason);
  }
}

async function printed(answer: IncomingMessage, options: JoinOptions): Promise<number> {
  const { link, printer } = options;
  if (answer.statusCode === 204) return 0;
  const isEvents = answer.headers['content-type']?.startsWith('text/event-stream') === true;
  if (answer.statusCode === 200 && isEvents) return await printedEvents(answer, options);
  const body = await readBody(answer, MAX_ANSWER_BYTES);
  if (answer.statusCode !== 200) throw failureOfAnswer(link, answer.statusCode ?? 0, body);
  printer.add(body.toString('utf8').trim());
  await printer.flush();
  return 0;
}

async function printedEvents(body: AsyncIterable<Uint8Array>, options: JoinOptions): Promise<number> {
  const { pace, printer, output, tell } = options;
  let last = '';
  try {
    for await (const { event, data, id } of readEvents(body, MAX_ANSWER_BYTES)) {
      if (event === 'message') {
        if (pace !== undefined) await pace.turn();
        last = id;
        printer.add(data);
        if (!(await printer.flush())) return 0;
      } else if (event === 'end' || event === 'error') return toldEnd(event, data, tell);
      else tell([escaped(`${event}: ${data}`)]);
    }
  } catch (cause) {
    if (output.isLost) return 0;
    throw new CallFailure({ code: Code.UNAVAILABLE, message: `${brokenText(last)}` }, cause);
  }
  if (output.isLost) return 0;
  throw new CallFailure({ code: Code.UNAVAILABLE, message: brokenText(last) });
}

function brokenText(last: string): string {
  return `the connection ended before the call${last === '' ? '' : `: go on with --resume '${last}'`}`;
}

function toldEnd(event: string, data: string, tell: JoinOptions['tell']): number {
  const end = event === 'error' ? endOfErrorJson(data) : undefined;
  if (end !== undefined) {
    tell(endLines(end));
    return exitCodeOf(end);
  }
  const { status } = JSON.parse(data) as { status?: { code?: number } };
  return exitCodeOf({ code: codeFromNumber(status?.code ?? 0) });
}

/** Ends a detached call. Resolves with the exit code. Rejects with `CallFailure`. */
export async function stopCall(link: CallLink, location: string, signal: AbortSignal): Promise<number> {
  const headers = headersOfMetadata(link.metadata);
  const answer = await askGateway(link, {
    method: 'DELETE',
    path: pathOfLocation(location),
    headers,
    signal,
  });
  if (answer.statusCode === 204) return 0;
  throw failureOfAnswer(link, answer.statusCode ?? 0, await readBody(answer, MAX_ANSWER_BYTES));
}

/** A location may be a whole address, a path, or the id alone: only what follows `/_sluice/calls/` counts. */
function pathOfLocation(location: string): string {
  const id = locationInPath(location) ?? location;
  if (!/^[\w.~-]{1,200}$/.test(id))
    throw new UsageError(`${JSON.stringify(location.slice(0, 200))} is not the location of a call`);
  return CALLS_PATH + id;
}

/** The gateway of a location that is a whole address; `undefined` for others. */
export function gatewayOfLocation(location: string | undefined): string | undefined {
  const end = location?.lastIndexOf(CALLS_PATH) ?? -1;
  return end > 0 && /^https?:\/\//i.test(location ?? '') ? location?.slice(0, end) : undefined;
}

function rootOf({ address }: CallLink): string {
  return `${address.isTls ? 'https' : 'http'}://${address.authority}`;
}

function timeoutHeader(ms: number | undefined): Record<string, string> {
  if (ms === undefined) return {};
  return { 'grpc-timeout': ms <= MAX_TIMEOUT_MS ? `${ms}m` : `${Math.ceil(ms / 1_000)}S` };
}
