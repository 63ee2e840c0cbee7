import { createRegistry, type Registry } from '@bufbuild/protobuf';
import { IdTable } from '../../async/index.js';
import { ENDED, RpcError, type Status, type StatusDetail } from '../../status/index.js';
import { CloseCode } from '../../wire/index.js';
import {
  type ClientFrame,
  joinMetadata,
  type ServerFrame,
  SessionCloseCode,
  SessionFault,
  UsedIds,
} from '../../wire/session/index.js';
import { spread } from '../exchange/index.js';
import { detailJson } from '../message/index.js';
import type { FrameSocket } from '../socket/index.js';
import { type Admission, type AdmittedCall, admitCall, type OpenFrame } from './admit-call.js';
import { assertFirstCredit, assertGrant } from './credit-rules.js';
import { HeldBytes } from './held-bytes.js';
import { type CallFrame, PendingCalls } from './pending-calls.js';
import { RefusedOpens } from './refused-opens.js';
import { SessionCall, type SharedByCalls } from './session-call.js';
import type { SessionContext } from './session-context.js';
import type { SessionFormat } from './session-format.js';
import { logClosedSession, logFailedSession, logRefusedOpen } from './session-log.js';
import { WriteQueue } from './write-queue.js';

/**
 * What may wait for the client beyond `highWaterBytes` before nothing more is read from it: the answers to its own frames would
 * otherwise grow for as long as it sends and does not read.
 */
const READ_STOP_BYTES = 64 * 1024;

const NO_TYPES = createRegistry();

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
  readonly #pending: PendingCalls;
  readonly #used = new UsedIds();
  readonly #refusals = new RefusedOpens();
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
    this.#pending = new PendingCalls(this.#held);
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
    this.#guarded(() => {
      if (binary !== this.#format.binary) {
        const kind = binary ? 'text' : 'binary';
        throw new SessionFault(`${this.#format.protocol} accepts ${kind} messages only`);
      }
      this.#take(this.#format.parse(data));
    });
  }

  /** Whoever breaks a rule loses the session. */
  #guarded(take: () => void): void {
    try {
      take();
    } catch (reason) {
      if (reason instanceof SessionFault) this.#close(reason.closeCode, reason.message);
      else {
        logFailedSession(reason, this.#context);
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
    else if (this.#pending.keep(frame)) return;
    // One that has ended is passed over: the frame may have crossed the end.
    else if (!this.#used.has(frame.id)) {
      throw new SessionFault(`${frame.kind}: id ${frame.id} was never opened`);
    }
  }

  #begin(open: OpenFrame): void {
    assertFirstCredit(open);
    this.#used.add(open.id);
    const { sessionCalls } = this.#context.limits;
    if (this.#open >= sessionCalls) {
      throw new SessionFault(`more than ${sessionCalls} calls at once`, SessionCloseCode.tooMany);
    }
    this.#open += 1;
    this.#admit(open, () => admitCall(open, this.#context));
  }

  #admit(open: OpenFrame, admit: () => Admission | Promise<Admission>): void {
    try {
      if (this.#draining) throw shuttingDown();
      const admission = admit();
      if (admission instanceof Promise) this.#pending.wait(open, admission, this.#goOn);
      else if (admission === undefined) this.#endAtOnce(open.id, ENDED);
      else this.#run(open, admission);
    } catch (reason) {
      this.#refuse(open, RpcError.from(reason));
    }
  }

  /** With what has come for the call meanwhile. */
  readonly #goOn = (open: OpenFrame, admit: () => Admission, frames: readonly CallFrame[]): void => {
    if (this.#over) return;
    this.#guarded(() => {
      this.#admit(open, admit);
      for (const frame of frames) if (!this.#over) this.#take(frame);
    });
  };

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
  #refuse(open: OpenFrame, error: RpcError): void {
    const unlogged = this.#context.countRefusal(error);
    if (!this.#refusals.mayGoOn(error)) this.refuse(error);
    else {
      if (unlogged >= 0) logRefusedOpen(open, error, this.#context, unlogged);
      this.#endAtOnce(open.id, error.toStatus());
    }
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
    if (code !== CloseCode.goingAway) logClosedSession(code, reason, this.#context);
    this.#socket.close(code, reason);
  }

  /** Takes no frame any more, and cancels what runs. */
  #end(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#firstFrame);
    clearTimeout(this.#drainTimer);
    for (const call of this.#calls.all()) call.left();
    this.#pending.clear();
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
