import { Alarm, IdTable } from '../../async/index.js';
import { credentialExpired } from '../../security/index.js';
import { ENDED, RpcError, type Status } from '../../status/index.js';
import { CloseCode } from '../../wire/index.js';
import {
  type ClientFrame,
  joinMetadata,
  SessionCloseCode,
  SessionFault,
  UsedIds,
} from '../../wire/session/index.js';
import { departureMs, stayMs } from '../exchange/index.js';
import type { FrameSocket } from '../socket/index.js';
import { type Admission, type AdmittedCall, admitCall, type OpenFrame } from './admit-call.js';
import { assertFirstCredit, assertGrant } from './credit-rules.js';
import { HeldBytes } from './held-bytes.js';
import { OpenCalls } from './open-calls.js';
import { type CallFrame, PendingCalls } from './pending-calls.js';
import { RefusedOpens } from './refused-opens.js';
import { SessionCall, type SharedByCalls } from './session-call.js';
import type { SessionContext } from './session-context.js';
import { SessionCredential } from './session-credential.js';
import type { SessionFormat } from './session-format.js';
import { logClosedSession, logFailedSession, logRefusedOpen } from './session-log.js';
import { SessionOutput } from './session-output.js';

/** How long the ends of calls may take to leave when the credential of their session has ended, in milliseconds. */
const LAST_ENDS_MS = 2_000;

/**
 * Many calls on one socket: hands each frame to its call, and closes the socket when a rule is broken.
 *
 *     handshake -> first frame -> open, message, credit ... end        one SessionCall for each open
 *         |             |             |
 *         | 10 s        | a rule is broken, the socket closes          gateway drains
 *         v             v                                                   v
 *       4408          4400, 4429: every call cancelled                  goAway -> graceMs: endless calls end -> last end -> 1001
 */
export class Session {
  readonly #socket: FrameSocket;
  readonly #format: SessionFormat;
  readonly #context: SessionContext;
  readonly #output: SessionOutput;
  readonly #held: HeldBytes;
  readonly #shared: SharedByCalls;
  readonly #pending: PendingCalls;
  readonly #used = new UsedIds();
  readonly #refusals = new RefusedOpens();
  readonly #calls = new IdTable<SessionCall>();
  readonly #leaveCarriers: () => void;
  /** Calls whose end has not left this process. */
  readonly #open = new OpenCalls((code, reason) => this.#close(code, reason));
  readonly #credential: SessionCredential;
  #firstFrame: NodeJS.Timeout | undefined;
  #goingAway: Alarm | undefined;
  /** No frame is taken any more. */
  #over = false;

  constructor(socket: FrameSocket, format: SessionFormat, context: SessionContext) {
    this.#socket = socket;
    this.#format = format;
    this.#context = context;
    this.#held = new HeldBytes(context.heldInSessions, context.source.group);
    this.#pending = new PendingCalls(this.#held);
    const { highWaterBytes, firstFrameMs } = context.limits;
    const output = new SessionOutput(socket, format, highWaterBytes);
    this.#output = output;
    this.#shared = {
      context,
      format,
      queue: output.queue,
      held: this.#held,
      send: (frames) => frames.handTo(output.send, output.onLeft),
      control: (frame, onLeft) => output.control(frame, onLeft),
      bufferedBytes: () => socket.bufferedBytes,
      cut: () => socket.cut(),
    };
    const { identity, requestId, source, principal, credential, pace } = context;
    // By name: a copy of all of it would be kept for as long as the session.
    this.#credential = new SessionCredential({
      identity,
      requestId,
      source,
      principal,
      credential,
      pace,
      send: (frame) => output.control(frame),
      refuse: (code, error) => this.#refuseCredential(code, error),
      expire: () => this.#expire(),
    });
    this.#firstFrame = setTimeout(
      () => this.#close(SessionCloseCode.silent, `no frame within ${firstFrameMs} ms`),
      firstFrameMs,
    );
    this.#leaveCarriers = context.exchanges.carry((graceMs) => this.#drain(graceMs));
  }

  /** Calls that count: their `end` has not left this process. */
  get openCalls(): number {
    return this.#open.size;
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
      this.#output.control({ kind: 'pong', token: frame.token });
      return;
    }
    if (frame.kind === 'auth') {
      this.#credential.renew(frame.token);
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
    this.#open.begin(this.#context.limits.sessionCalls);
    if (this.#open.size > 1) this.#output.beside();
    const { checking } = this.#credential;
    const admit = () => (this.#over ? undefined : admitCall(open, this.#context, this.#credential));
    // Who calls is known when what came before is checked.
    this.#admit(open, checking === undefined ? admit : () => checking.then(admit));
  }

  #admit(open: OpenFrame, admit: () => Admission | Promise<Admission>): void {
    try {
      this.#open.assertStaying();
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
    this.#output.registry = admitted.request.registry;
    const call = new SessionCall(open, admitted, this.#shared);
    this.#calls.add(call);
    call.run().then(
      () => {
        this.#calls.delete(open.id);
        this.#open.over();
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
    this.#output.control(end, () => this.#open.over());
  }

  /** At a time of its own, so that clients do not all come back at once. */
  #drain(graceMs: number): void {
    const inMs = this.#open.size === 0 ? 0 : Math.random() * departureMs('moves', graceMs);
    this.#goingAway = new Alarm({ onAlarm: () => this.#goAway(graceMs, inMs) });
    if (inMs === 0) this.#goAway(graceMs, 0);
    else this.#goingAway.set(inMs);
  }

  #goAway(graceMs: number, passedMs: number): void {
    if (this.#over || this.#open.isLeaving) return;
    const lastMs = Math.round(stayMs(graceMs) - passedMs);
    // Where the grace is too short to spread them.
    const spreadMs = Math.max(0, this.#context.limits.retryMs - departureMs('moves', graceMs));
    const reconnectAfterMs = Math.round(Math.random() * spreadMs);
    this.#output.control({ kind: 'goAway', graceMs: lastMs, reconnectAfterMs });
    const leave = { code: CloseCode.goingAway, reason: shuttingDown().message, refusal: shuttingDown };
    this.#open.leave(leave, lastMs, () => {
      for (const call of this.#calls.all()) if (call.isEndless) call.abort(shuttingDown());
    });
  }

  /** Nobody has brought a new credential. */
  #expire(): void {
    const code = SessionCloseCode.unauthenticated;
    const { message: reason } = credentialExpired();
    for (const call of this.#calls.all()) call.abort(credentialExpired());
    this.#open.leave({ code, reason, refusal: credentialExpired }, LAST_ENDS_MS, () =>
      this.#close(code, reason),
    );
  }

  #refuseCredential(code: number, error: RpcError): void {
    this.#context.countRefusal(error);
    this.#close(code, error.message, error.problem);
  }

  /** `problem`: what the log says in place of the reason. */
  #close(code: number, reason: string, problem = reason): void {
    if (this.#over) return;
    this.#end();
    if (code !== CloseCode.goingAway) logClosedSession(code, problem, this.#context);
    this.#socket.close(code, reason);
  }

  /** Takes no frame any more, and cancels what runs. */
  #end(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#firstFrame);
    this.#goingAway?.clear();
    this.#output.stop();
    this.#open.clear();
    this.#credential.close();
    for (const call of this.#calls.all()) call.left();
    this.#pending.clear();
  }
}

function shuttingDown(): RpcError {
  return new RpcError('DRAINING', 'the gateway is shutting down');
}
