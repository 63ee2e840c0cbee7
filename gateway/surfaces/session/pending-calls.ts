import { RpcError } from '../../status/index.js';
import type { ClientFrame } from '../../wire/session/index.js';
import { compact } from '../socket/index.js';
import type { Admission, OpenFrame } from './admit-call.js';
import type { HeldBytes } from './held-bytes.js';

/** What a frame costs to keep besides its message, in bytes. */
const FRAME_BYTES = 128;

/** A frame for a call that has been opened. */
export type CallFrame = Exclude<ClientFrame, { kind: 'open' | 'ping' | 'auth' }>;

interface PendingCall {
  readonly frames: CallFrame[];
  bytes: number;
  /** Something of it did not fit. */
  isOver: boolean;
}

/** Calls of which is not known yet who calls. What comes for them meanwhile waits here, and counts as what waits for services. */
export class PendingCalls {
  readonly #held: HeldBytes;
  readonly #calls = new Map<number, PendingCall>();

  constructor(held: HeldBytes) {
    this.#held = held;
  }

  /**
   * Calls `goOn` when it is known whether an `open` may become a call: `admit` says it, or throws why not, and `frames` is what has come meanwhile, in
   * order. Not after `clear`.
   */
  wait(
    open: OpenFrame,
    admission: Promise<Admission>,
    goOn: (open: OpenFrame, admit: () => Admission, frames: readonly CallFrame[]) => void,
  ): void {
    this.#calls.set(open.id, { frames: [], bytes: 0, isOver: false });
    const end = (admit: () => Admission): void => {
      const call = this.#take(open.id);
      if (call?.isOver === true) goOn(open, tooMuch, []);
      else if (call !== undefined) goOn(open, admit, call.frames);
    };
    admission.then(
      (admitted) => end(() => admitted),
      (reason: unknown) =>
        end(() => {
          throw reason;
        }),
    );
  }

  /** Keeps a frame of such a call; false: it is none. */
  keep(frame: CallFrame): boolean {
    const call = this.#calls.get(frame.id);
    if (call === undefined) return false;
    const bytes = FRAME_BYTES + (frame.kind === 'message' ? frame.data.length : 0);
    if (call.isOver || !this.#held.add(bytes)) call.isOver = true;
    else {
      call.bytes += bytes;
      call.frames.push(frame.kind === 'message' ? { ...frame, data: compact(frame.data) } : frame);
    }
    return true;
  }

  /** The session is over. */
  clear(): void {
    for (const id of [...this.#calls.keys()]) this.#take(id);
  }

  /** Nothing of it is held any more. */
  #take(id: number): PendingCall | undefined {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (call !== undefined) this.#held.release(call.bytes);
    return call;
  }
}

function tooMuch(): never {
  const problem = 'the messages of this session that wait for services use too much memory';
  throw new RpcError('SESSION_LIMIT', problem);
}
