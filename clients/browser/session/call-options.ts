import type { ReconnectOptions } from '../shared/reconnect.js';
import type { Gap, Metadata } from './session-frame.js';

/** The options of `client.call`. */
export interface CallOptions extends ReconnectOptions {
  /**
   * The one message of a unary or server-stream call; the half-close follows by itself. Without it such a call sends an empty message when it
   * opens, unless `send` or `end` was called before. Client and bidi streams use `send` and `end` instead.
   */
  readonly request?: unknown;
  /** gRPC metadata of this call; it replaces that of the client, name by name. The value of a "-bin" name is base64. */
  readonly metadata?: Metadata;
  /** The deadline of the whole call, in milliseconds, resumes included. Default: the gateway's (30 s for unary calls, none for streams). */
  readonly timeoutMs?: number;
  /**
   * How many messages may be on their way to the page or wait there; the service is paused beyond that, or beyond `creditBytes`. From 1 to
   * 2^31-1. Default 16: it hides a round trip of 20 ms from a page that processes 800 messages a second.
   */
  readonly credit?: number;
  /**
   * How many bytes these may have together, as protobuf, with those that the page works on: until it asks for the next message. One message
   * more may be there, of any size: the one that crosses the bound. From 1 to 2^31-1, or 0 for no bound in bytes. Default 1 MiB:
   * 16 messages of up to 64 KiB, so that only large messages wait for it, and a page that stops holds one of them and not sixteen. As text or
   * objects a message may be larger than as protobuf.
   */
  readonly creditBytes?: number;
  /** Aborting it ends the call with CANCELLED. */
  readonly signal?: AbortSignal;
  /** Starts after this cursor, for example the `cursor` of an earlier call. */
  readonly cursor?: string;
  /**
   * Resumes after the last message if the connection is lost, the gateway shuts down or the error is temporary. Needs `request`, and messages
   * with cursors: without them nothing is tried again, because messages would be lost or repeated. Default true.
   */
  readonly resume?: boolean;
  /**
   * The call goes on when its page has left, until the service ends it or it is stopped, and is found at its `location`. For methods with a rule for
   * recordings; others ignore it (PROTOCOL.md, section 22). Default false.
   */
  readonly detach?: boolean;
  /**
   * Makes equal calls of methods with a rule for recordings one: a second one with this key and the same request gets what the first one got.
   * 1 to 255 characters of printable ASCII.
   */
  readonly idempotencyKey?: string;
  /**
   * Keeps in `sessionStorage`, under this name, how far the page has come, so that the same call goes on there after a reload of the tab. See the README.
   */
  readonly keepCursor?: string;
  /** How many characters may wait in calls of `send` that were not awaited. Default 16 Mi; beyond it `send` fails with RESOURCE_EXHAUSTED. */
  readonly maxWaitingLength?: number;
  /** Called when the stream could not resume where it should: the messages between the two cursors are lost. */
  readonly onGap?: (gap: Gap) => void;
  /** Called with the number of messages that the gateway left out because the page was slow (PROTOCOL.md, section 13). */
  readonly onDropped?: (count: number) => void;
}

/** The options of `client.join`. */
export type JoinOptions = Omit<CallOptions, 'request' | 'detach' | 'idempotencyKey' | 'maxWaitingLength'>;
