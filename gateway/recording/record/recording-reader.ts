import type { RpcError } from '../../status/index.js';

/** One of those who read a recording, as that knows it. */
export interface RecordingReader {
  /** The number of the last message that it was handed. */
  readonly position: number;
  /** There is more, or the end. */
  wake(): void;
  /** It reads no more, and its client is told why. */
  fail(reason: RpcError): void;
}
