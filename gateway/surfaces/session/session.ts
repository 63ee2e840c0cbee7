import { createRegistry, type Registry } from '@bufbuild/protobuf';
import { IdTable } from '../../async/index.js';
import { Code, codeName, ENDED, RpcError, type Status, type StatusDetail } from '../../status/index.js';
import { CloseCode } from '../../wire/index.js';
import {
  type ClientFrame,
  joinMetadata,
  type ServerFrame,
  SessionCloseCode,
  SessionFault,
  UsedIds,
} from '../../wire/session/index.js';
import { isOfTrace, spread, traceIdOf } from '../exchange/index.js';
import { detailJson } from '../message/index.js';
import type { FrameSocket } from '../socket/index.js';
import { type AdmittedCall, admitCall, type OpenFrame } from './admit-call.js';
import { assertFirstCredit, assertGrant } from './credit-rules.js';
import { HeldBytes } from './held-bytes.js';
import { requestIdOf, SessionCall, type SharedByCalls } from './session-call.js';
import type { SessionContext } from './session-context.js';
import type { SessionFormat } from './session-format.js';
import { WriteQueue } from './write-queue.js';

/**
 * What may wait for the client beyond `highWaterBytes` before nothing more is read from it: the answers to its own frames would
 * otherwise grow for as long as it sends and does not read.
 */
const READ_STOP_BYTES = 64 * 1024;

const NO_TYPES = createRegistry();

/** What of a method's name is kept in the log: it may be as long as a frame. */
const MAX_NAME_LENGTH = 256;

/**
 * Many calls on one socket: hands each frame to its call, and closes the socket when a rule is broken.
 *
 *     handshake -> first frame -> open, message, credit ... end        one SessionCall for each open
 *         |             |             |
 *         | 10 s        | a rule is broken, the socket closes          gateway drains
 *         v             v                                                   v
 *       4408          4400, 4429: every call cancelled                  goAway -> drainMs: endless calls end -> last end -> 1001
 */
export class Session {
  readonly #socket: FrameSocket;
  readonly #format: SessionFormat;
  readonly #context: SessionContext;
  readonly #queue: WriteQueue;
  readonly #held: HeldBytes;
  readonly #shared: SharedByCalls;
  readonly #used = new UsedIds();
  readonly #calls = new IdTable<SessionCall>();
  readonly #leaveCarriers: () => void;
  /** Calls whose end has not left this process. */
  #open = 0;
  #firstFrame: NodeJS.Timeout | undefined;
  #drainTimer: NodeJS.Timeout | undefined;
  /** The types of the schema, to unpack error details. */
  #registry: Registry = NO_TYPES;
  #draining = false;
  #paused = false;
  /** No frame is taken any more. */
  #over = false;

  constructor(socket: FrameSocket, format: SessionFormat, context: SessionContext) {
    this.#socket = socket;
    this.#format = format;
    this.#context = context;
    this.#held = new HeldBytes(context.heldInSessions, context.source.group);
    const { highWaterBytes, firstFrameMs } = context.limits;
    this.#queue = new WriteQueue(() => !this.#over && socket.bufferedBytes <= highWaterBytes);
    this.#shared = {
      context,
      format,
      queue: this.#queue,
      held: this.#held,
      send: (frames) => frames.handTo(this.#send, this.#onLeft),
      control: (frame, onLeft) => this.#control(frame, onLeft),
      cut: () => socket.cut(),
    };
    this.#firstFrame = setTimeout(
      () => this.#close(SessionCloseCode.silent, `no frame within ${firstFrameMs} ms`),
      firstFrameMs,
    );
    this.#leaveCarriers = context.exchanges.carry(() => this.#drain());
  }

  /** Calls that count: their `end` has not left this process. */
  get openCalls(): number {
    return this.#open;
  }

  /** Bytes of the client's messages that wait for services. */
  get heldBytes(): number {
    return this.#held.bytes;
  }

  /** A WebSocket message has come. */
  receive(data: Buffer, binary: boolean): void {
    if (this.#over) return;
    clearTimeout(this.#firstFrame);
    try {
      if (binary !== this.#format.binary) {
        const kind = binary ? 'text' : 'binary';
        throw new SessionFault(`${this.#format.protocol} accepts ${kind} messages only`);
      }
      this.#take(this.#format.parse(data));
    } catch (reason) {
      if (reason instanceof SessionFault) this.#close(reason.closeCode, reason.message);
      else {
        const { requestId, source, log, surfaces } = this.#context;
        const line = { requestId, peer: source.address, surface: surfaces.session.name, err: reason };
        log.error(line, 'session failed');
        this.#close(CloseCode.internal, 'internal error');
      }
    }
  }

  /** Ends the session for a reason that is no frame. */
  fail(reason: RpcError): void {
    this.#close(CloseCode.policy, reason.message);
  }

  /** The connection itself holds too much. */
  refuse(reason: RpcError): void {
    this.#close(SessionCloseCode.tooMany, reason.message);
  }

  /** The socket is closed: nobody is told anything any more. */
  closed(): void {
    this.#end();
    this.#leaveCarriers();
  }

  #take(frame: ClientFrame): void {
    if (frame.kind === 'ping') {
      this.#control({ kind: 'pong', token: frame.token });
      return;
    }
    if (frame.id === 0) throw new SessionFault(`${frame.kind}: the id must not be 0`);
    if (frame.kind === 'open') {
      this.#begin(frame);
      return;
    }
    if (frame.kind === 'credit') assertGrant(frame);
    const call = this.#calls.get(frame.id);
    if (call !== undefined) call.receive(frame);
    // One that has ended is passed over: the frame may have crossed the end.
    else if (!this.#used.has(frame.id)) {
      throw new SessionFault(`${frame.kind}: id ${frame.id} was never opened`);
    }
  }

  #begin(open: OpenFrame): void {
    const { id } = open;
    assertFirstCredit(open);
    this.#used.add(id);
    const { sessionCalls } = this.#context.limits;
    if (this.#open >= sessionCalls) {
      throw new SessionFault(`more than ${sessionCalls} calls at once`, SessionCloseCode.tooMany);
    }
    this.#open += 1;
    try {
      if (this.#draining) throw shuttingDown();
      const admitted = admitCall(open, this.#context);
      if (admitted === undefined) this.#endAtOnce(id, ENDED);
      else this.#run(open, admitted);
    } catch (reason) {
      this.#refuse(open, RpcError.from(reason));
    }
  }

  #run(open: OpenFrame, admitted: AdmittedCall): void {
    this.#registry = admitted.request.registry;
    const call = new SessionCall(open, admitted, this.#shared);
    this.#calls.add(call);
    call.run().then(
      () => {
        this.#calls.delete(open.id);
        this.#callOver();
      },
      (reason) => {
        this.#calls.delete(open.id);
        this.#refuse(open, RpcError.from(reason));
      },
    );
  }

  /** An `open` that becomes no call. */
  #refuse({ id, method, metadata }: OpenFrame, error: RpcError): void {
    const { source, log, surfaces, countRefusal } = this.#context;
    countRefusal(error);
    const requestId = requestIdOf(metadata) ?? this.#context.requestId;
    const name = method.slice(0, MAX_NAME_LENGTH);
    // As for a call: what the open says of a trace is all that counts.
    const said = metadata.some(([one]) => isOfTrace(one)) ? metadata : this.#context.metadata;
    const traceId = traceIdOf(said);
    const line = { requestId, traceId, peer: source.address, method: name, surface: surfaces.session.name };
    const { code, reason, message } = error;
    const why = { code: codeName(code), reason };
    if (code === Code.INTERNAL) log.error({ ...line, ...why, err: error }, 'call failed');
    else log.info({ ...line, ...why, problem: message }, 'request refused');
    this.#endAtOnce(id, error.toStatus());
  }

  #endAtOnce(id: number, status: Status): void {
    const end = { kind: 'end', id, status, trailers: joinMetadata([]), truncated: false } as const;
    this.#control(end, () => this.#callOver());
  }

  #callOver(): void {
    this.#open -= 1;
    this.#closeIfDrained();
  }

  #drain(): void {
    if (this.#over) return;
    this.#draining = true;
    const { drainMs, limits } = this.#context;
    this.#control({ kind: 'goAway', graceMs: drainMs, reconnectAfterMs: spread(limits.retryMs) });
    this.#drainTimer = setTimeout(() => {
      for (const call of this.#calls.all()) if (call.isEndless) call.abort(shuttingDown());
    }, drainMs);
    this.#closeIfDrained();
  }

  #closeIfDrained(): void {
    if (this.#draining && this.#open === 0) this.#close(CloseCode.goingAway, 'the gateway is shutting down');
  }

  #close(code: number, reason: string): void {
    if (this.#over) return;
    this.#end();
    if (code !== CloseCode.goingAway) {
      const { requestId, source, log, surfaces } = this.#context;
      const line = {
        requestId,
        peer: source.address,
        surface: surfaces.session.name,
        closeCode: code,
        problem: reason,
      };
      log.info(line, 'session closed');
    }
    this.#socket.close(code, reason);
  }

  /** Takes no frame any more, and cancels what runs. */
  #end(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#firstFrame);
    clearTimeout(this.#drainTimer);
    for (const call of this.#calls.all()) call.left();
  }

  readonly #send = (frames: Uint8Array, onLeft: () => void): void => {
    this.#socket.write(frames, onLeft);
    this.#watchReading();
  };

  #control(frame: ServerFrame, onLeft?: () => void): void {
    const bytes = this.#format.control(frame, this.#detailJson);
    if (onLeft === undefined) this.#send(bytes, this.#onLeft);
    else {
      this.#send(bytes, () => {
        onLeft();
        this.#onLeft();
      });
    }
  }

  readonly #detailJson = (detail: StatusDetail): unknown => detailJson(detail, this.#registry);

  readonly #onLeft = (): void => {
    this.#queue.run();
    this.#watchReading();
  };

  /** Reads from the client only while it takes what it is sent. */
  #watchReading(): void {
    if (this.#over) return;
    const full = this.#socket.bufferedBytes > this.#context.limits.highWaterBytes + READ_STOP_BYTES;
    if (full === this.#paused) return;
    this.#paused = full;
    if (full) this.#socket.pause();
    else this.#socket.resume();
  }
}

function shuttingDown(): RpcError {
  return new RpcError('DRAINING', 'the gateway is shutting down');
}
