import type { CreditAmount } from './receive-window.js';
import type { Metadata } from './session-frame.js';

/** The contents of an `open` frame, without the id. */
export interface OpenFrame {
  /** Empty: the call at `location` is joined. */
  readonly method: string;
  /** Empty: a call of `method` begins. */
  readonly location: string;
  /** The call goes on without its client. */
  readonly detach: boolean;
  /** Makes equal calls one; empty for none. */
  readonly idempotencyKey: string;
  readonly metadata: Metadata;
  /** 0 for the gateway's default. */
  readonly timeoutMs: number;
  readonly credit: number;
  /** 0: bytes are not counted. */
  readonly creditBytes: number;
  readonly cursor: string;
}

/** `open`. An older gateway refuses fields that it does not know, also if they say nothing. */
export function openFrame(
  id: number,
  { creditBytes, location, detach, idempotencyKey, ...open }: OpenFrame,
): string {
  return JSON.stringify({
    open: {
      id,
      ...open,
      ...(creditBytes > 0 && { creditBytes }),
      ...(location && { location }),
      ...(detach && { detach }),
      ...(idempotencyKey && { idempotencyKey }),
    },
  });
}

/** `message`. The message is JSON already: it is written once, and its length is known before it may be sent. */
export function messageFrame(id: number, message: string): string {
  return `{"message":{"id":${id},"data":${message}}}`;
}

/** `halfClose`. */
export function halfCloseFrame(id: number): string {
  return `{"halfClose":{"id":${id}}}`;
}

/** `cancel`. */
export function cancelFrame(id: number): string {
  return `{"cancel":{"id":${id}}}`;
}

/** `stop`. */
export function stopFrame(id: number): string {
  return `{"stop":{"id":${id}}}`;
}

/** `credit`. */
export function creditFrame(id: number, { messages, bytes }: CreditAmount): string {
  const bytesField = bytes > 0 ? `,"bytes":${bytes}` : '';
  return `{"credit":{"id":${id},"messages":${messages}${bytesField}}}`;
}

/** `ping`. The token is not compared: any answer shows that the gateway is alive. */
export const PING_FRAME = '{"ping":{"token":""}}';
