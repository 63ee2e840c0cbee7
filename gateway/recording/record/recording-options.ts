import type { Method, RecordingRule } from '../../schema/index.js';
import type { Call } from '../../upstream/index.js';
import type { Journal } from './journal.js';
import type { OtherGateways } from './other-gateways.js';

/** What a recording is made with. */
export interface RecordingOptions {
  readonly method: Method;
  readonly rule: RecordingRule;
  /** What makes requests equal to that of this one. */
  readonly key: string;
  /** Who opened it. */
  readonly principal: string;
  readonly journal: Journal;
  /** Opens the call to the service, once. */
  readonly openCall: () => Call;
  /** How long a service waits for the slowest reader, in milliseconds. */
  readonly maxPauseMs: number;
  /** Tells of room in the memory of all journals, until the function that is returned is called. */
  readonly onRoom: (listener: () => void) => () => void;
  /** Those that share it; absent: there are none. */
  readonly others?: OtherGateways | undefined;
  /** It is over, or nothing of it is left: it cannot be joined any more, or not be found. */
  readonly onChanged: () => void;
}
