import { MAX_TIMER_MS } from '../../async/index.js';
import type { AbortCause } from '../../bridge/index.js';
import { type Metadata, RpcError } from '../../status/index.js';
import type { Transport } from '../../upstream/index.js';
import { parseLastEventId } from '../../wire/index.js';
import { type ClientFrame, joinMetadata, type ServerFrame } from '../../wire/session/index.js';
import type { ExchangeHandle, MethodRequest } from '../exchange/index.js';
import { boundFirstMessage, boundIncoming, runExchange } from '../exchange/index.js';
import { callMetadata, cursorField, passedOn } from '../message/index.js';
import { CallIncoming } from './call-incoming.js';
import { CallOutgoing } from './call-outgoing.js';
import type { HeldBytes } from './held-bytes.js';
import type { SessionContext } from './session-context.js';
import type { SessionFormat } from './session-format.js';
import type { WriteQueue } from './write-queue.js';

/** What of an `x-request-id` is kept in the log: as long as those of HTTP requests may be. */
const MAX_REQUEST_ID_LENGTH = 128;

/** The `x-request-id` that a client has given to a call of its own. */
export function requestIdOf(metadata: Metadata): string | undefined {
  return metadata.find(([name]) => name === 'x-request-id')?.[1].slice(0, MAX_REQUEST_ID_LENGTH);
}

/** What the calls of a session share. */
export interface SharedByCalls {
  readonly options: SessionContext;
  readonly format: SessionFormat;
  readonly turns: WriteQueue;
  readonly held: HeldBytes;
  /** Sends frames of messages. */
  readonly send: (frames: Uint8Array) => void;
  /** Sends another frame. */
  readonly control: (frame: ServerFrame, onLeft?: () => void) => void;
}

/** An `open` that may become a call: what is wrong with it has been found. */
export interface AdmittedCall {
  readonly request: MethodRequest;
  readonly metadata: Metadata;
  /** The request field that asks to go on after a cursor; empty without one. */
  readonly cursor: Uint8Array;
  readonly deadline: number | undefined;
}

type Open = Extract<ClientFrame, { kind: 'open' }>;

const NO_CURSOR = new Uint8Array(0);

/**
 * Checks an `open`. Throws `RpcError`: how the call ends before it has begun. Nothing for a client that has been told the end of this
 * stream: there is nothing to begin.
 */
export function admitCall(open: Open, options: SessionContext): AdmittedCall | undefined {
  const { limits } = options;
  const request = options.methodRequestOf(open.method, options.request);
  const { requestStream, responseStream } = request.method;
  if (responseStream && parseLastEventId(open.cursor).kind === 'ended') return undefined;
  const metadata = callMetadata(options.metadata, open.metadata, options.headerRules);
  const cursor = open.cursor === '' ? NO_CURSOR : cursorField(request, open.cursor, 'cursor');
  const unary = !requestStream && !responseStream;
  const timeoutMs = open.timeoutMs || (unary ? limits.unaryTimeoutMs : undefined);
  return {
    request,
    metadata,
    cursor,
    deadline: timeoutMs === undefined ? undefined : Date.now() + timeoutMs,
  };
}

/** One call of a session: an ordinary exchange, whose frames come and go with those of the others. */
export class SessionCall {
  /** The service may answer for ever: draining ends such calls before the others. */
  readonly endless: boolean;
  readonly #shared: SharedByCalls;
  readonly #admitted: AdmittedCall;
  readonly #id: number;
  readonly #exchange: ExchangeHandle;
  readonly #incoming: CallIncoming;
  readonly #outgoing: CallOutgoing;
  /** It has been logged that metadata is left out. */
  #warned = false;

  /** Throws `RpcError` when there are too many, of this client or of all. */
  constructor(open: Open, admitted: AdmittedCall, shared: SharedByCalls) {
    const { request, cursor } = admitted;
    const { options, format, turns, held, send, control } = shared;
    const { id } = open;
    this.#shared = shared;
    this.#admitted = admitted;
    this.#id = id;
    this.endless = request.method.responseStream;
    // The session ends its calls itself when the gateway drains.
    this.#exchange = options.context.exchanges.openWithCall(true, options.source);
    this.#incoming = new CallIncoming({
      stream: request.method.requestStream,
      decode: (data) => {
        const message = format.decode(data, request);
        // Later fields win on the wire.
        return cursor.length === 0 ? message : Buffer.concat([message, cursor]);
      },
      held,
      grant: (messages) => {
        if (!this.#outgoing.ended) control({ kind: 'credit', id, messages });
      },
      onViolation: (error) => this.abort(error),
    });
    this.#outgoing = new CallOutgoing({
      id,
      request,
      format,
      turns,
      credit: open.credit,
      signal: this.#exchange.signal,
      send,
      control,
      abort: (error) => this.abort(error),
      onLeftOut: this.#warnLeftOut,
    });
  }

  /** What the client may send at first. */
  get granted(): number {
    return this.#incoming.granted;
  }

  /** A frame of the client for this call. Throws `SessionFault`. */
  receive(frame: Exclude<ClientFrame, { kind: 'open' | 'ping' }>): void {
    // It may have crossed the end.
    if (this.#outgoing.ended) return;
    switch (frame.kind) {
      case 'message':
        this.#incoming.receive(frame.data);
        break;
      case 'halfClose':
        this.#incoming.halfClose();
        break;
      case 'credit':
        this.#outgoing.grant(frame.messages);
        break;
      case 'cancel':
        this.abort(new RpcError('CANCELLED', 'the client has cancelled the call'));
    }
  }

  abort(cause: AbortCause): void {
    this.#exchange.abort(cause);
  }

  /**
   * Runs the call. Resolves when it is over and its end has left this process, with whether the connection is to be cut; never
   * rejects.
   */
  async run(): Promise<boolean> {
    const { request, metadata, deadline } = this.#admitted;
    const { log, context, limits } = this.#shared.options;
    const stall = { maxPauseMs: limits.maxPauseMs, abort: (error: RpcError) => this.abort(error) };
    const timer =
      deadline === undefined
        ? undefined
        : setTimeout(() => this.#outgoing.expire(), Math.min(deadline - Date.now(), MAX_TIMER_MS));
    const requests = boundFirstMessage(this.#incoming, {
      stream: request.method.requestStream,
      limits,
      hasAnswer: () => this.#outgoing.hasAnswer,
      abort: stall.abort,
    });
    const { cut } = await runExchange(
      {
        request,
        surface: 'session',
        requestId: this.#requestId,
        incoming: boundIncoming(requests, stall),
        outgoing: this.#outgoing,
        metadata,
        deadline,
        exchange: this.#exchange,
        log,
      },
      { ...context, transport: this.#telling(context.transport) },
    );
    clearTimeout(timer);
    this.#incoming.close();
    this.#outgoing.close();
    this.#exchange.close();
    return cut;
  }

  /** The same transport, but the initial metadata is told to the client when it comes: there is no head that could wait for it. */
  #telling(transport: Transport): Transport {
    return {
      open: (method, options) => {
        const call = transport.open(method, options);
        // It comes before the first message, and this hears of it before the bridge does.
        void call.headers.then((metadata) => {
          if (metadata === undefined || this.#outgoing.ended) return;
          const { pairs, leftOut } = passedOn(metadata);
          this.#warnLeftOut(leftOut);
          this.#shared.control({ kind: 'headers', id: this.#id, metadata: joinMetadata(pairs) });
        });
        return call;
      },
      connections: transport.connections,
      places: transport.places,
      ready: (timeoutMs) => transport.ready(timeoutMs),
      close: () => transport.close(),
    };
  }

  /** What the service gets as `x-request-id`: that of the handshake, unless the call has its own. */
  get #requestId(): string {
    return requestIdOf(this.#admitted.metadata) ?? this.#shared.options.requestId;
  }

  /** One line a call, whatever its service sends. */
  readonly #warnLeftOut = (names: readonly string[]): void => {
    if (names.length === 0 || this.#warned) return;
    this.#warned = true;
    const { log } = this.#shared.options;
    const { path } = this.#admitted.request.method;
    log.warn(
      { requestId: this.#requestId, method: path.slice(1), metadata: names },
      'metadata dropped: too large, or not a valid header value',
    );
  };
}
