import type { CancelSignal } from '../../async/index.js';
import type { UnfinishedMessage, UploadLimit } from '../exchange/index.js';

/** What ends the wait for a body beside its own end. */
export interface WholeBody {
  /** 413 when it is larger. */
  readonly maxBytes: number;
  /** The call's, in epoch milliseconds: DEADLINE_EXCEEDED when it has passed. */
  readonly deadline: number | undefined;
  /** The gateway is draining, has no more time, or no more memory. Its listener is removed when the body is there. */
  readonly signal: CancelSignal;
  /** Begins to count it, until it is whole. */
  countUnfinished(): UnfinishedMessage;
  /** What bounds it where it is a file. */
  readonly upload: UploadLimit;
}
