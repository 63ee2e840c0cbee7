import type { JsonObject } from '../shared/json.js';
import type { ReconnectOptions } from '../shared/reconnect.js';
import type { UnaryOptions } from './unary.js';

/** The options of `client.serverStream`. */
export interface StreamOptions extends UnaryOptions, ReconnectOptions {
  /** Starts after this cursor, for example the `lastEventId` of an earlier stream. */
  readonly lastEventId?: string;
  /** The longest silence of the gateway, in milliseconds; then the stream reconnects. Default 45 000, three of the gateway's heartbeats. */
  readonly idleTimeoutMs?: number;
  /** The longest event, see `SseParserOptions`. */
  readonly maxEventLength?: number;
  /** Called when the stream could not resume where it should: the messages between the two cursors are lost. */
  readonly onGap?: (gap: JsonObject) => void;
  /** Called with the number of messages that the gateway left out because this reader was slow (PROTOCOL.md, section 13). */
  readonly onDropped?: (count: number) => void;
  /** Called with the trailing metadata of a call that ended with OK. */
  readonly onTrailers?: (trailers: JsonObject) => void;
}
