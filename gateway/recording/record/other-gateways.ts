import type { Status } from '../../status/index.js';

/** The gateways that share a recording with this one. */
export interface OtherGateways {
  /** Whether this one leads. */
  leads(): boolean;
  /** Whether what the service says is heard here now: this one leads, and NATS has what came before. */
  isHeard(): boolean;
  /** Whether clients of others follow it, for who leads; "detached": it goes on without. */
  isWanted(): Promise<boolean | 'detached'>;
  /** Ends the call, where another one leads. */
  stop(status: Status): void;
  /** With `pause`, for who follows: the slowest reader here has been handed the message of this number; `undefined`: nobody reads here. */
  moved(position: number | undefined): void;
}

/**
 * What another gateway leads stays here for so long without a reader, in milliseconds, however short its linger is: who asks how it stands reads it next, and looking it
 * up again costs more than keeping it. It does not keep the call.
 */
export const FOLLOWED_MS = 5_000;
