import type { MessageCodec } from '../codec/index.js';
import type { Method } from '../schema/index.js';
import type { CallOptions } from '../upstream/index.js';
import type { ResumePoint } from './resume-point.js';

/** What became of a stream that broke: it went on; it did not, or ended with another error; the client or the deadline ended the tries. */
export type HealResult = 'healed' | 'failed' | 'cancelled';

/** A call as the surfaces ask for it: what is asked of the service, and where the client wants to go on. */
export interface CallRequest extends CallOptions {
  readonly method: Method;
  /** JSON <-> bytes of the request type, for cursors. */
  readonly requestCodec: MessageCodec;
  /** Absent: at the beginning. The messages of the client are without it. */
  readonly resume: ResumePoint | undefined;
  /** Hears of each break of the stream, once it is known what became of it. */
  readonly onHealed: (result: HealResult) => void;
}
