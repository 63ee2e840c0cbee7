import type { RpcError } from '../../status/index.js';
import { SessionCloseCode, SessionFault } from '../../wire/session/index.js';

/** How a session ends that waits for its last call. */
export interface PendingClose {
  readonly code: number;
  readonly reason: string;
  /** How a call ends that is opened meanwhile. */
  readonly refusal: () => RpcError;
}

/** The calls of a session that count, and what becomes of the session when there are none and it is to end. */
export class OpenCalls {
  readonly #close: (code: number, reason: string) => void;
  #size = 0;
  #leave: PendingClose | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(close: (code: number, reason: string) => void) {
    this.#close = close;
  }

  get size(): number {
    return this.#size;
  }

  /** The session waits for its last call. */
  get isLeaving(): boolean {
    return this.#leave !== undefined;
  }

  /** Throws how a call ends that is opened now, if none may be. */
  assertStaying(): void {
    if (this.#leave !== undefined) throw this.#leave.refusal();
  }

  /** Throws `SessionFault` when there are as many as there may be. */
  begin(most: number): void {
    if (this.#size >= most) {
      throw new SessionFault(`more than ${most} calls at once`, SessionCloseCode.tooMany);
    }
    this.#size += 1;
  }

  /** The end of one has left this process. */
  over(): void {
    this.#size -= 1;
    this.#closeIfNone();
  }

  /** Closes the session when no call is open; `atLast` is called when that takes longer than `lastMs`. */
  leave(leave: PendingClose, lastMs: number, atLast: () => void): void {
    this.#leave = leave;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(atLast, lastMs);
    this.#closeIfNone();
  }

  /** The session is over. */
  clear(): void {
    clearTimeout(this.#timer);
  }

  #closeIfNone(): void {
    if (this.#leave !== undefined && this.#size === 0) this.#close(this.#leave.code, this.#leave.reason);
  }
}
