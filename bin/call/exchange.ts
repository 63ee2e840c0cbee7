import type { Registry } from '@bufbuild/protobuf';
import type { Method } from '../../gateway/schema/index.js';
import { Code, type Metadata, type Status } from '../../gateway/status/index.js';
import type { Call, Transport } from '../../gateway/upstream/index.js';
import { idFromCursor } from '../../gateway/wire/index.js';
import { escaped } from '../escaped.js';
import type { Answer } from './answer.js';
import { endLines, endOfStatus, exitCodeOf } from './call-end.js';
import type { CallLink } from './call-link.js';
import type { Pace } from './pace.js';
import { StreamPosition } from './stream-position.js';
import type { TextOutput } from './text-output.js';

/** One call, with all that it needs. */
export interface ExchangeOptions {
  readonly link: CallLink;
  readonly transport: Transport;
  /** The types of the schema, for the details of errors. */
  readonly registry: Registry;
  readonly method: Method;
  readonly messages: AsyncIterable<Uint8Array>;
  readonly answer: Answer;
  /** Where the answer goes; when nothing reads it any more, the call ends. */
  readonly output: TextOutput;
  readonly resume: string | undefined;
  readonly deadlineMs: number | undefined;
  readonly pace: Pace | undefined;
  readonly isVerbose: boolean;
  readonly signal: AbortSignal;
  /** The service, or the gateway, has begun to answer: nothing will be sent once more. */
  readonly onBegun?: () => void;
  /** Tells people something. */
  readonly tell: (lines: readonly string[]) => void;
}

/** Nothing was called, because there is no HTTP/2 up to where the call should go. */
export class NoHttp2 extends Error {
  override readonly name = 'NoHttp2';
}

/**
 * Calls a method: sends what `messages` gives while `answer` gets what comes, each no faster than the other side takes it. Resolves with the exit code. Rejects
 * with what `messages` rejects with; the call is cancelled then. Rejects with `NoHttp2` before anything was begun: of a gateway, which has other ways.
 */
export async function exchange(options: ExchangeOptions): Promise<number> {
  const { link, transport, method, answer, output, signal, tell } = options;
  const call = transport.open(link.address.basePath + method.path, {
    metadata: metadataOf(options),
    signal,
    ...(options.deadlineMs === undefined ? {} : { deadline: Date.now() + options.deadlineMs }),
  });
  const position = new StreamPosition(method);
  let isLost = false;
  void output.lost.then(() => {
    isLost = true;
    call.cancel();
  });
  const failed = send(call, options.messages);
  try {
    const headers = await call.headers;
    if (headers !== undefined) options.onBegun?.();
    const start = position.begin(headers);
    if (options.isVerbose) tell(metadataLines('header', headers));
    tellGap(options, start);
    await receive(call, options, position);
  } finally {
    call.cancel();
  }
  const status = await call.status;
  if (link.address.isGateway && hasNoHttp2(status)) throw new NoHttp2(status.message);
  const fault = await Promise.race([failed, undefined]);
  const isWhole = status.code === Code.OK && fault === undefined;
  await answer.end(isWhole && !isLost);
  if (fault !== undefined) throw fault.reason;
  if (isLost) return 0;
  return told(options, status, position);
}

/** What answered speaks an older HTTP; or it passes calls on in one, and the gateway has refused that. */
function hasNoHttp2({ reason, httpStatus }: Status): boolean {
  return reason === 'UPSTREAM_NOT_GRPC' || (reason === 'UPSTREAM_HTTP_STATUS' && httpStatus === 505);
}

/** Sends messages until there are no more, or the call is over. Resolves with what went wrong, if anything. */
async function send(
  call: Call,
  messages: AsyncIterable<Uint8Array>,
): Promise<{ readonly reason: unknown } | undefined> {
  try {
    for await (const message of messages) if (!(await call.write([message]))) return undefined;
    call.halfClose();
    return undefined;
  } catch (reason) {
    call.cancel();
    return { reason };
  }
}

async function receive(
  call: Call,
  { answer, pace, signal }: ExchangeOptions,
  position: StreamPosition,
): Promise<void> {
  for (let batch = await call.read(); batch !== undefined; batch = await call.read()) {
    while (!batch.isTaken) {
      if (pace !== undefined) await pace.turn();
      if (signal.aborted) return;
      const message = batch.message(batch.at++);
      position.add(message);
      answer.add(message);
      if (pace !== undefined && !(await answer.flush())) return;
    }
    if (!(await answer.flush())) return;
  }
}

/** What goes with the request: the id behind which a gateway goes on is a header of its own. */
function metadataOf({ link, resume }: ExchangeOptions): Metadata {
  if (resume === undefined || !link.address.isGateway) return link.metadata;
  return [...link.metadata, ['last-event-id', headerId(resume)]];
}

/** An id as a header: one of ours, or one that was written with escapes, as it is. */
export function headerId(id: string): string {
  return id.startsWith('~') ? id : idFromCursor(id);
}

function tellGap({ resume, tell }: ExchangeOptions, start: string | undefined): void {
  if (resume === undefined || start === undefined || /^~(?:now|earliest)$/.test(resume)) return;
  if (start !== headerId(resume))
    tell([escaped(`gap: messages between ${resume} and ${start} are not there any more`)]);
}

/** Tells of an end that is no success, and how to go on; the exit code. */
function told(
  { tell, isVerbose, signal, registry }: ExchangeOptions,
  status: Status,
  { id }: StreamPosition,
): number {
  const end = endOfStatus(status, registry);
  if (isVerbose) tell(metadataLines('trailer', status.trailers));
  const onward = id === undefined || end.code === Code.OK ? [] : [escaped(`go on with --resume '${id}'`)];
  tell([...(end.code === Code.OK || signal.aborted ? [] : endLines(end)), ...onward]);
  return exitCodeOf(end);
}

function metadataLines(kind: string, metadata: Metadata | undefined): string[] {
  return (metadata ?? []).map(([name, value]) => escaped(`${kind} ${name}: ${value}`));
}
