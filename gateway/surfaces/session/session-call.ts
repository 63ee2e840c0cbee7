import type { FastifyBaseLogger } from 'fastify';
import type { AbortCause, Incoming, Outgoing } from '../../bridge/index.js';
import type { ByteWriter } from '../../codec/index.js';
import type { CallToken, ResumePoint } from '../../recording/index.js';
import type { Principal, RequestSource } from '../../security/index.js';
import { type Metadata, RpcError } from '../../status/index.js';
import type { ServerFrame } from '../../wire/session/index.js';
import {
  boundFirstMessage,
  boundUpload,
  type ExchangeHandle,
  type ExchangePlan,
  type Expiry,
  type MethodRequest,
  ownerOf,
  type Peer,
  runExchange,
  type Surface,
} from '../exchange/index.js';
import { pathOfCall } from '../message/index.js';
import type { AdmittedCall, OpenFrame } from './admit-call.js';
import { CallIncoming } from './call-incoming.js';
import { CallOutgoing } from './call-outgoing.js';
import type { CallPlace } from './call-place.js';
import { requestIdOf } from './call-request-id.js';
import { addCredit } from './credit-rules.js';
import type { HeldBytes } from './held-bytes.js';
import type { CallFrame } from './pending-calls.js';
import type { SessionContext } from './session-context.js';
import type { SessionFormat } from './session-format.js';
import type { WriteQueue } from './write-queue.js';

/** What is sent by who joins a call. */
const NOTHING: Incoming = { read: () => undefined, close: () => {} };

/** What the calls of a session share. */
export interface SharedByCalls {
  readonly context: SessionContext;
  readonly format: SessionFormat;
  readonly queue: WriteQueue;
  readonly held: HeldBytes;
  /** Sends frames of messages. */
  readonly send: (frames: ByteWriter) => void;
  /** Sends another frame. */
  readonly control: (frame: ServerFrame, onLeft?: () => void) => void;
  /** What waits to leave on the connection, of all its calls. */
  readonly bufferedBytes: () => number;
  /** Closes the connection of the session. */
  readonly cut: () => void;
}

/** One call of a session: an ordinary exchange, whose peer is the call's share of the connection. */
export class SessionCall implements ExchangePlan, Peer {
  readonly id: number;
  readonly surface: Surface;
  readonly request: MethodRequest;
  readonly principal: Principal;
  readonly expiry: Expiry | undefined;
  readonly metadata: Metadata;
  readonly token: CallToken | undefined;
  readonly deadline: number | undefined;
  readonly resume: ResumePoint | undefined;
  readonly wish: CallPlace | undefined;
  /** What the service gets as `x-request-id`: that of the handshake, unless the call has its own. */
  readonly requestId: string;
  readonly #open: OpenFrame;
  readonly #shared: SharedByCalls;
  /** What the client grants before there is an answer to take it. */
  #credit: number;
  #creditBytes: number;
  #exchange: ExchangeHandle | undefined;
  /** What the client may send at first. */
  #granted: CallIncoming['granted'] | undefined;
  #incoming: CallIncoming | undefined;
  #outgoing: CallOutgoing | undefined;
  #onLeft: (() => void) | undefined;
  #hasLeft = false;
  /** What a call needs to go on without its client is there. */
  #isRecorded = false;
  /** Says that it is at its location, or never will be. */
  #begun: (() => void) | undefined;
  /** What its client wants as soon as that is so. */
  #wanted: (() => void) | undefined;
  /** It has been logged that metadata is left out. */
  #isWarned = false;

  constructor(open: OpenFrame, admitted: AdmittedCall, shared: SharedByCalls) {
    const { metadata } = admitted;
    this.id = open.id;
    this.surface = shared.context.surfaces.session;
    this.request = admitted.request;
    this.principal = admitted.principal;
    this.expiry = admitted.hasOwnCredential ? this.surface.expiry : undefined;
    this.metadata = metadata;
    this.token = admitted.token;
    this.deadline = admitted.deadline;
    this.resume = admitted.resume;
    this.wish = admitted.place;
    this.requestId = requestIdOf(metadata) ?? shared.context.requestId;
    this.#open = open;
    this.#credit = open.credit;
    this.#creditBytes = open.creditBytes;
    this.#shared = shared;
  }

  /**
   * Runs the call, and sends `opened` at once. Resolves when it is over and its end has left this process. Rejects with `RpcError` when no
   * call was opened: there are too many, of this client or of all.
   */
  async run(): Promise<void> {
    try {
      await runExchange(this, this.#shared.context);
    } finally {
      this.#begun?.();
      this.#incoming?.close();
      this.#outgoing?.close();
      // At the end of the grace a call is over before its connection is closed.
      this.left();
    }
  }

  /** The service may answer for ever: draining ends such calls before the others. */
  get isEndless(): boolean {
    return this.request.method.responseStream;
  }

  get peer(): Peer {
    return this;
  }

  get source(): RequestSource {
    return this.#shared.context.source;
  }

  get log(): FastifyBaseLogger {
    return this.#shared.context.log;
  }

  get socketBytes(): number {
    return this.#shared.bufferedBytes();
  }

  get isClosed(): boolean {
    return this.#hasLeft || this.#outgoing === undefined || this.#outgoing.ended;
  }

  onLeft(listener: () => void): void {
    this.#onLeft = listener;
  }

  /** The session watches its connection. */
  watch(): void {}

  cut(): void {
    this.#shared.cut();
  }

  /** The connection of the session is closed, or the call no longer uses it. */
  left(): void {
    this.#hasLeft = true;
    this.#onLeft?.();
  }

  abort(cause: AbortCause): void {
    this.#exchange?.abort(cause);
  }

  openIncoming(exchange: ExchangeHandle): Incoming {
    const { format, held, control, context } = this.#shared;
    const { request } = this;
    const { requestStream } = request.method;
    const { id, creditBytes } = this.#open;
    const countsBytes = creditBytes > 0;
    const abort = (error: RpcError) => exchange.abort(error);
    this.#exchange = exchange;
    if (request.location !== undefined) return NOTHING;
    this.#incoming = new CallIncoming({
      stream: requestStream,
      countsBytes,
      decode: (data) => format.decode(data, request),
      held,
      grant: ({ messages, bytes }) => {
        if (this.isClosed) return;
        control({ kind: 'credit', id, messages, bytes: countsBytes ? bytes : undefined });
      },
      onViolation: abort,
    });
    this.#granted = this.#incoming.granted;
    const limit = context.exchanges.limits.uploadLimit(context.limits.uploadBytes);
    return boundFirstMessage(boundUpload(this.#incoming, request, limit, abort), {
      stream: requestStream,
      limits: context.limits,
      hasAnswer: () => this.#outgoing?.hasAnswer === true,
      abort,
    });
  }

  openOutgoing(exchange: ExchangeHandle): Outgoing {
    const { format, queue, send, control } = this.#shared;
    const { id, creditBytes } = this.#open;
    this.#outgoing = new CallOutgoing({
      id,
      request: this.request,
      format,
      queue,
      credit: this.#credit,
      creditBytes: this.#creditBytes,
      exchange,
      send,
      control,
      onLeftOut: this.#warnLeftOut,
      onStart: this.wish && this.#onStart,
    });
    const { messages, bytes } = this.#granted ?? { messages: 0, bytes: creditBytes > 0 ? 0 : undefined };
    const place = this.wish?.location ?? this.wish?.newLocation;
    const location = place && pathOfCall(this.request, place);
    control({ kind: 'opened', id, credit: messages, creditBytes: bytes, location });
    return this.#outgoing;
  }

  /** A frame of the client for this call. Throws `SessionFault`. */
  receive(frame: CallFrame): void {
    // It may have crossed the end. What opens the call may have to be loaded first.
    if (this.#hasLeft || this.#outgoing?.ended === true) return;
    switch (frame.kind) {
      case 'message':
        if (this.request.location === undefined) this.#incoming?.receive(frame.data);
        else this.abort(new RpcError('UNEXPECTED_MESSAGE', 'who joins a call sends no messages'));
        break;
      case 'halfClose':
        this.#incoming?.halfClose();
        break;
      case 'credit':
        this.#grant(frame.messages, frame.bytes);
        break;
      case 'cancel':
        this.#cancel();
        break;
      case 'stop':
        this.#stop();
    }
    this.#announce();
  }

  #grant(messages: number, bytes: number): void {
    if (this.#outgoing === undefined) {
      this.#credit = addCredit(this.#credit, messages, 'messages');
      if (this.#creditBytes > 0) this.#creditBytes = addCredit(this.#creditBytes, bytes, 'bytes');
    } else this.#outgoing.grant(messages, bytes);
  }

  /** A call that has all that it needs to go on without its client does so, also when that leaves at once. */
  #cancel(): void {
    if (this.#isBeginning) this.#wanted = this.#cancel;
    else this.abort(new RpcError('CANCELLED', 'the client has cancelled the call'));
  }

  /** It will go on without its client in a moment. */
  get #isBeginning(): boolean {
    return this.wish?.newLocation !== undefined && !this.#isRecorded && this.#incoming?.isComplete === true;
  }

  #announce(): void {
    const { newLocation } = this.wish ?? {};
    if (newLocation !== undefined && this.#isBeginning)
      this.#begun ??= this.#shared.context.beginAt(newLocation);
  }

  readonly #onStart = (): void => {
    this.#isRecorded = true;
    this.#begun?.();
    this.#wanted?.call(this);
  };

  #stop(): void {
    if (this.#isBeginning) {
      this.#wanted = this.#stop;
      return;
    }
    const { location, newLocation } = this.wish ?? {};
    // What has not begun is nowhere yet; what is joined is there already.
    const place = location ?? (this.#isRecorded ? newLocation : undefined);
    try {
      if (place !== undefined) this.#shared.context.stopAt(place, ownerOf(this));
      this.abort(new RpcError('CANCELLED', 'the client has stopped the call'));
    } catch (reason) {
      this.abort(RpcError.from(reason));
    }
  }

  /** One line a call, whatever its service sends. */
  readonly #warnLeftOut = (names: readonly string[]): void => {
    if (names.length === 0 || this.#isWarned) return;
    this.#isWarned = true;
    this.log.warn(
      { requestId: this.requestId, method: this.request.method.path.slice(1), metadata: names },
      'metadata dropped: too large, or not a valid header value',
    );
  };
}
