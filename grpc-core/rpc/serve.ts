import { type Metadata, type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { CoreError } from '../base/index.js';
import { contextOf } from './context.js';
import { expireAt } from './deadline.js';
import type { MethodDefinition } from './definition.js';
import type { Handler } from './handler.js';
import { subjectOf } from './identity.js';
import { interruptible } from './interruptible.js';
import { openReply } from './reply.js';
import { openRequestReader, singleRequest } from './request-reader.js';
import { openResponseWriter } from './response-writer.js';

export interface ServeOptions {
  readonly log: Logger;
  /** A unary call without a deadline, or with a later one, ends after so long with DEADLINE_EXCEEDED. */
  readonly maxUnaryMs: number;
  /** The line of a call is DEBUG unless the core is at fault: for what tools ask, not people. Default false. */
  readonly quiet?: boolean;
  /** The metadata that says who calls, without which there is no call. Absent: nobody asks. */
  readonly identity?: string | undefined;
  /** Bytes of responses a call may hold before its handler is paused. */
  readonly highWaterBytes: number;
  /** Learns of the bytes that a call has taken from what grpc-js holds of it. */
  readonly onTaken: (metadata: Metadata, bytes: number) => void;
}

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
 *     requests  -> reader  -> handler -> writer -> responses       a response is pulled when the writer has room
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
  const unary = !method.requestStream && !method.responseStream;
  const controller = new AbortController();
  const { signal } = controller;
  const context = contextOf(method, call, signal, options);
  const { deadline } = context;
  const closed = new Promise<void>((resolve) => call.once('close', resolve));
  let over = false;
  let tidying: Promise<unknown> | undefined;

  // Attached in the turn the call began: later would be too late for a caller that is gone already.
  call.once('cancelled', () => {
    // It also comes after every status that has gone out.
    if (over) return;
    const expired = deadline !== undefined && deadline <= Date.now();
    end(expired ? deadlineExceeded() : new CoreError(status.CANCELLED, 'the caller has left'));
  });
  const forgetDeadline = expireAt(deadline, () => end(deadlineExceeded()));
  const reader = openRequestReader(call, method.requestDeserialize, signal, {
    stream: method.requestStream,
    onTaken: (bytes) => options.onTaken(call.metadata, bytes),
  });
  const writer = openResponseWriter(call, signal, options.highWaterBytes);
  const reply = openReply(call, writer, context.requestId);

  function end(reason: CoreError): void {
    controller.abort(reason);
  }

  /** Moves responses until the handler ends. One that is left early tidies up behind it. */
  async function pump(): Promise<void> {
    // Everything else of a call is for those who are signed in.
    if (options.identity !== undefined) context.subject = subjectOf(call.metadata, options.identity);
    const wait = interruptible(signal);
    const preparing = method.prepare();
    if (preparing !== undefined) await wait(preparing);
    const requests = method.requestStream ? reader.requests : just(await singleRequest(reader.requests));
    const responses = handler(requests, context)[Symbol.asyncIterator]();
    let only: Buffer | undefined;
    try {
      for (;;) {
        if (!writer.hasRoom) await writer.room();
        if (signal.aborted) throw signal.reason;
        const next = await wait(responses.next());
        if (next.done === true) break;
        const message = method.responseSerialize(next.value as never);
        if (method.responseStream) reply.send(message);
        else if (only === undefined) only = message;
        else throw new Error(`the handler of ${context.method} yielded two responses`);
      }
    } catch (error) {
      tidying = tidy(responses);
      throw error;
    }
    if (method.responseStream) {
      // A handler may take the signal as a reason to return; the caller must not take that for the end of the stream.
      if (signal.aborted) throw signal.reason;
    } else {
      // Kept back until here: an error after the response must not reach the caller as both.
      if (only === undefined) throw new Error(`the handler of ${context.method} yielded no response`);
      reply.send(only);
    }
  }

  async function tidy(responses: AsyncIterator<unknown>): Promise<void> {
    try {
      await responses.return?.();
    } catch (error) {
      context.log.error({ err: error }, 'handler failed while it was ended');
    }
  }

  async function run(): Promise<void> {
    let failure: CoreError | undefined;
    try {
      await pump();
    } catch (error) {
      failure = CoreError.from(signal.aborted ? signal.reason : error);
    }
    over = true;
    forgetDeadline();
    reply.end(failure);
    const line = {
      requestId: context.requestId,
      method: context.method,
      code: status[failure?.code ?? status.OK],
      durationMs: Math.round((performance.now() - startedMs) * 1000) / 1000,
      received: reader.count,
      sent: writer.count,
      peer: context.peer,
    };
    if (failure !== undefined && OUR_FAULTS.has(failure.code)) {
      options.log.error({ ...line, err: failure.cause ?? failure }, 'call failed');
    } else if (options.quiet === true) options.log.debug(line, 'call');
    else options.log.info(line, 'call');
    await Promise.all([closed, tidying]);
    // Whatever still waits on the signal must not outlive the call.
    end(callOver);
  }

  return { unary, end, finished: run() };
}

async function* just<Item>(item: Item): AsyncGenerator<Item, void, undefined> {
  yield item;
}

function deadlineExceeded(): CoreError {
  return new CoreError(status.DEADLINE_EXCEEDED, 'the deadline has passed');
}

/** What somebody who runs the core has to look into. */
const OUR_FAULTS: ReadonlySet<status> = new Set([status.INTERNAL, status.DATA_LOSS]);

/** One for all calls: nobody sees it, and making an error costs as much as a small message. */
const callOver = new CoreError(status.CANCELLED, 'the call is over');
