import { Metadata, type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { CoreError } from '../errors.js';
import { epochOf, expireAt } from './deadline.js';
import type { MethodDefinition } from './definition.js';
import type { CallContext, Handler } from './handler.js';
import { openInbox, singleRequest } from './inbox.js';
import { interruptible } from './interruptible.js';
import { openOutbox } from './outbox.js';
import { requestIdKey, requestIdOf } from './request-id.js';

export interface ServeOptions {
  readonly log: Logger;
  /** A unary call without a deadline, or with a later one, ends after so long with DEADLINE_EXCEEDED. */
  readonly maxUnaryMs: number;
  /** Bytes of responses a call may hold before its handler is paused. */
  readonly highWaterBytes: number;
  /** Learns of the bytes that a call has taken from what grpc-js holds of it. */
  readonly onTaken: (metadata: Metadata, bytes: number) => void;
}

/**
 * How long a call may be silent before its head goes out without a response: short, for callers that wait for it, but long
 * enough for early failures to be one single frame, which a gateway can still turn into an HTTP status.
 */
const headDelayMs = 100;

/** One call that runs. */
export interface RunningCall {
  readonly unary: boolean;
  /** Ends the call with this error, unless it has ended. */
  end(reason: CoreError): void;
  /** Resolves when the status has gone out (or the caller has) and the handler has tidied up; never rejects. */
  readonly finished: Promise<void>;
}

/**
 * Runs one call of any kind: the kind only says how many requests and responses there may be.
 *
 *     requests  -> inbox  -> handler -> outbox -> responses       a response is pulled when the outbox has room
 *                               |
 *     caller leaves / deadline / shutdown -> signal -> every wait ends, the iterator is returned
 *                               |
 *     handler returns: OK   throws: CoreError.from   signal: its reason   ->  one status, one log line
 */
export function serveCall(
  method: MethodDefinition,
  handler: Handler<unknown, unknown>,
  call: ServerDuplexStream<Buffer, Buffer>,
  options: ServeOptions,
): RunningCall {
  const startedMs = performance.now();
  const name = method.path.slice(1);
  const unary = !method.requestStream && !method.responseStream;
  const requestId = requestIdOf(call.metadata);
  const deadline = deadlineOf(call, unary ? options.maxUnaryMs : undefined);
  const controller = new AbortController();
  const { signal } = controller;
  const closed = new Promise<void>((resolve) => call.once('close', resolve));
  let left = false;
  let headSent = false;
  let tidying: Promise<unknown> | undefined;

  // Attached in the turn the call began: later would be too late for a caller that is gone already.
  call.once('cancelled', () => {
    left = true;
    const expired = deadline !== undefined && deadline <= Date.now();
    end(expired ? deadlineExceeded() : new CoreError(status.CANCELLED, 'the caller has left'));
  });
  const forgetDeadline = expireAt(deadline, () => end(deadlineExceeded()));

  function end(reason: CoreError): void {
    controller.abort(reason);
  }

  const inbox = openInbox(call, method.requestDeserialize, signal, (bytes) =>
    options.onTaken(call.metadata, bytes),
  );
  const outbox = openOutbox(call, signal, options.highWaterBytes);
  const context = contextOf();

  function contextOf(): CallContext {
    let log: Logger | undefined;
    return {
      requestId,
      method: name,
      metadata: call.metadata,
      peer: call.getPeer(),
      deadline,
      signal,
      // A child logger costs microseconds and most calls never log.
      get log() {
        log ??= options.log.child({ requestId, method: name });
        return log;
      },
    };
  }

  function identity(): Metadata {
    const metadata = new Metadata();
    metadata.set(requestIdKey, requestId);
    return metadata;
  }

  function sendHead(): void {
    if (headSent || left) return;
    headSent = true;
    call.sendMetadata(identity());
  }

  function send(message: Buffer): void {
    sendHead();
    outbox.send(message);
  }

  async function* given(request: unknown): AsyncGenerator<unknown, void, undefined> {
    yield request;
  }

  /** Moves responses until the handler ends; resolves with the tidying of a handler that was left early. */
  async function pump(): Promise<void> {
    const wait = interruptible(signal);
    const requests = method.requestStream ? inbox.requests : given(await singleRequest(inbox.requests));
    const responses = handler(requests, context)[Symbol.asyncIterator]();
    let only: Buffer | undefined;
    try {
      for (;;) {
        if (!outbox.hasRoom) await outbox.room();
        if (signal.aborted) throw signal.reason;
        const next = await wait(responses.next());
        if (next.done === true) break;
        const message = method.responseSerialize(next.value as never);
        if (method.responseStream) send(message);
        else if (only === undefined) only = message;
        else throw new Error(`the handler of ${name} yielded two responses`);
      }
    } catch (error) {
      tidying = Promise.resolve(responses.return?.()).catch((cause: unknown) => {
        options.log.error({ err: cause, requestId, method: name }, 'a handler failed while it was ended');
      });
      throw error;
    }
    if (method.responseStream) {
      // A handler may take the signal as a reason to return; the caller must not take that for the end of the stream.
      if (signal.aborted) throw signal.reason;
    } else {
      // Kept back until here: an error after the response must not reach the caller as both.
      if (only === undefined) throw new Error(`the handler of ${name} yielded no response`);
      send(only);
    }
  }

  async function run(): Promise<void> {
    const headTimer = setTimeout(sendHead, headDelayMs);
    let failure: CoreError | undefined;
    try {
      await pump();
      sendHead();
      if (!left) call.end();
    } catch (error) {
      failure = CoreError.from(signal.aborted ? signal.reason : error);
      // grpc-js takes the status of a streaming call from an `error` event.
      const metadata = headSent ? undefined : identity();
      if (!left) {
        call.emit('error', { code: failure.code, details: statusText(failure.message), metadata });
      }
    } finally {
      clearTimeout(headTimer);
      forgetDeadline();
    }
    const line = {
      requestId,
      method: name,
      code: status[failure?.code ?? status.OK],
      durationMs: Math.round((performance.now() - startedMs) * 1000) / 1000,
      messagesIn: inbox.count,
      messagesOut: outbox.count,
      peer: context.peer,
    };
    if (failure?.code === status.INTERNAL)
      options.log.error({ ...line, err: failure.cause ?? failure }, 'call');
    else options.log.info(line, 'call');
    await Promise.all([closed, tidying]);
    // Nobody may listen to the signal as a sign of life after this.
    end(new CoreError(status.CANCELLED, 'the call is over'));
  }

  return { unary, end, finished: run() };
}

function deadlineOf(call: ServerDuplexStream<Buffer, Buffer>, maxMs: number | undefined): number | undefined {
  const asked = epochOf(call.getDeadline());
  if (maxMs === undefined) return asked;
  const latest = Date.now() + maxMs;
  return asked === undefined ? latest : Math.min(asked, latest);
}

function deadlineExceeded(): CoreError {
  return new CoreError(status.DEADLINE_EXCEEDED, 'the deadline has passed');
}

/** Trailers have little room, and grpc-js fails on half of a surrogate pair. */
function statusText(message: string): string {
  return Buffer.from(message.slice(0, 1000)).toString();
}
