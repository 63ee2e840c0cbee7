import type { Method } from '../../schema/index.js';
import type { CancelSignal } from '../../upstream/index.js';
import type { Recording } from './recording.js';

/** What a reader has read: a recording, up to the message of this number. */
export interface ReadSoFar {
  readonly recording: Recording;
  readonly seq: number;
}

/** What a reader needs of its request. `Reader`: its class. */
export interface ReaderOptions<Reader> {
  readonly signal: CancelSignal;
  /** When the client wants no more, in epoch milliseconds. */
  readonly deadline?: number | undefined;
  /** Messages are missing, which the client is told. */
  readonly onGap: (method: Method) => void;
  /** Finds the recording when the client has sent everything: it then calls `follow` or `fail`. Absent: it does so without that. */
  readonly attach?: ((reader: Reader, messages: readonly Uint8Array[]) => void) | undefined;
  /** Does the same for one whose call has ended because its gateway is gone: it goes on in another call behind what it has read. Absent: that never happens. */
  readonly attachAgain?:
    | ((reader: Reader, messages: readonly Uint8Array[], read: ReadSoFar) => void)
    | undefined;
}
