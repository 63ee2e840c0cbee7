import type { Method } from '../../schema/index.js';
import type { Call } from '../../upstream/index.js';
import type { CallRequest } from '../call-request.js';
import type { EvictionCause } from '../eviction-cause.js';
import type { Replicas } from '../replica/index.js';
import type { DetachLimits } from './detached-calls.js';

/** What recordings need, and whom they tell. */
export interface RecordingsOptions extends DetachLimits {
  /** Opens a call of the service. */
  readonly openCall: (request: CallRequest) => Call;
  /** Of all journals together. */
  readonly journalBytes: number;
  /** How long a service waits for the slowest reader, in milliseconds. */
  readonly maxPauseMs: number;
  readonly onEvicted: (method: Method, messages: number, cause: EvictionCause) => void;
  /** A reader is told that messages are missing. */
  readonly onGap: (method: Method) => void;
  /** The gateways that share recordings; absent: this one is alone. They are the caller's to close, after these. */
  readonly replicas?: Replicas | undefined;
}
