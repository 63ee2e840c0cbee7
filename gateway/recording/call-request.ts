import type { MessageCodec } from '../codec/index.js';
import type { Method } from '../schema/index.js';
import type { Call, CallOptions } from '../upstream/index.js';
import type { CallToken } from './call-token.js';
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
  /** By what the service knows who calls: renewed before it is asked again. Absent: the metadata stays as it is. */
  readonly token?: CallToken | undefined;
  /** Hears of each break of the stream, once it is known what became of it. */
  readonly onHealed: (result: HealResult) => void;
}

/** What a client wants of a call that is recorded. */
export interface RecordingWish {
  /** Whose the call is: the same for nobody else. */
  readonly principal: string;
  /** The call is to go on without its client. */
  readonly detach: boolean;
  /** Two requests of a principal with the same one are one request. */
  readonly idempotencyKey?: string | undefined;
  /** The call at this location is joined, and no message is sent. */
  readonly location?: string | undefined;
  /** Where the call is to be found that goes on, if its client has been told already: `newLocation()`. */
  readonly newLocation?: string | undefined;
}

/** What opens calls of methods with a rule for recordings. */
export interface Recorder {
  /** A client's part in a recording: the one that its request is for, once that is known, or a new one. Never throws. */
  open(request: CallRequest, wish: RecordingWish): Call;
}
