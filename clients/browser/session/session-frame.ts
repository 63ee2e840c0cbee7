import { Code } from '../shared/code.js';
import { errorFromStatusObject } from '../shared/error-from-wire.js';
import { excerpt, isJsonObject, type JsonObject } from '../shared/json.js';
import { SluiceError } from '../shared/sluice-error.js';
import type { CreditAmount } from './receive-window.js';

/** gRPC metadata: lower-case names, values joined by "," where a name has several, base64 where it ends with "-bin". */
export type Metadata = { readonly [name: string]: string };

/** How a call ended. */
export interface CallEnd {
  /** Undefined for OK. */
  readonly error: SluiceError | undefined;
  readonly trailers: Metadata;
}

/** A frame from the gateway (PROTOCOL.md, section 12; `ServerFrame` of proto/sluice/v1/session.proto). */
export type ServerFrame =
  /** `creditBytes` 0: bytes are not counted. */
  | { readonly type: 'opened'; readonly id: number; readonly credit: number; readonly creditBytes: number }
  | { readonly type: 'headers'; readonly id: number; readonly metadata: Metadata }
  | {
      readonly type: 'message';
      readonly id: number;
      readonly data: unknown;
      readonly cursor: string;
      readonly bytes: number;
    }
  | { readonly type: 'end'; readonly id: number; readonly end: CallEnd }
  | { readonly type: 'credit'; readonly id: number; readonly messages: number; readonly bytes: number }
  | { readonly type: 'dropped'; readonly id: number; readonly count: number }
  | { readonly type: 'gap'; readonly id: number; readonly gap: Gap }
  | { readonly type: 'goAway'; readonly reconnectAfterMs: number }
  | { readonly type: 'authExpires' }
  | { readonly type: 'pong' };

/** A stream resumed after a later cursor than the requested one: the messages between the two are lost. */
export interface Gap {
  readonly requested: string;
  readonly resumed: string;
}

/** The contents of an `open` frame, without the id. */
export interface OpenFrame {
  readonly method: string;
  readonly metadata: Metadata;
  /** 0 for the gateway's default. */
  readonly timeoutMs: number;
  readonly credit: number;
  /** 0: bytes are not counted. */
  readonly creditBytes: number;
  readonly cursor: string;
}

/**
 * Reads a frame of `sluice.v1.json`. Undefined for an unknown name, which only newer clients need to understand. Throws INTERNAL for a
 * malformed frame.
 */
export function serverFrameFromText(text: string): ServerFrame | undefined {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch (cause) {
    throw badFrame(text, cause);
  }
  if (!isJsonObject(frame)) throw badFrame(text);
  const [type = '', ...others] = Object.keys(frame);
  const body = frame[type];
  if (others.length > 0 || !isJsonObject(body)) throw badFrame(text);
  switch (type) {
    case 'opened':
      return {
        type,
        id: idOf(body, text),
        credit: countOf(body.credit, text),
        creditBytes: countOf(body.creditBytes, text),
      };
    case 'headers':
      return { type, id: idOf(body, text), metadata: metadataOf(body.metadata) };
    case 'message':
      // A message may be any JSON value, also null (google.protobuf.Value), but it must be there.
      if (body.data === undefined) throw badFrame(text);
      return {
        type,
        id: idOf(body, text),
        data: body.data,
        cursor: textOf(body.cursor),
        bytes: countOf(body.bytes, text),
      };
    case 'end':
      return { type, id: idOf(body, text), end: callEndFrom(body) };
    case 'credit':
      return {
        type,
        id: idOf(body, text),
        messages: countOf(body.messages, text),
        bytes: countOf(body.bytes, text),
      };
    case 'dropped':
      return { type, id: idOf(body, text), count: countOf(body.count, text) };
    case 'gap':
      return { type, id: idOf(body, text), gap: gapFrom(body) };
    case 'goAway':
      return { type, reconnectAfterMs: countOf(body.reconnectAfterMs, text) };
    case 'authExpires':
    case 'pong':
      return { type };
    default:
      return undefined;
  }
}

/** `open`. A gateway that does not know credit in bytes refuses the field, also if it is 0. */
export function openFrame(id: number, { creditBytes, ...open }: OpenFrame): string {
  return JSON.stringify({ open: { id, ...open, ...(creditBytes > 0 && { creditBytes }) } });
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

/** `credit`. */
export function creditFrame(id: number, { messages, bytes }: CreditAmount): string {
  const bytesField = bytes > 0 ? `,"bytes":${bytes}` : '';
  return `{"credit":{"id":${id},"messages":${messages}${bytesField}}}`;
}

/** `ping`. The token is not compared: any answer shows that the gateway is alive. */
export const PING_FRAME = '{"ping":{"token":""}}';

/** Reads the data of a `gap` event or frame. */
export function gapFrom({ requested, resumed }: JsonObject): Gap {
  return { requested: textOf(requested), resumed: textOf(resumed) };
}

/** Reads the `end` of a call: of a session frame, or of an SSE event, whose trailers have an array where a name has several values. */
export function callEndFrom({ status, trailers, truncated }: JsonObject): CallEnd {
  const error = errorFromStatusObject(status);
  const retryAfterMs = error === undefined ? undefined : retryDelayMs(error.details);
  return {
    error:
      error === undefined
        ? undefined
        : new SluiceError(error.code, error.message, {
            details: error.details,
            truncated: truncated === true,
            ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
          }),
    trailers: metadataOf(trailers),
  };
}

/** `retry_delay` of google.rpc.RetryInfo: a ProtoJSON duration, for example "1.5s". */
function retryDelayMs(details: readonly JsonObject[]): number | undefined {
  const info = details.find((detail) => detail['@type'] === 'type.googleapis.com/google.rpc.RetryInfo');
  const seconds = /^(\d{1,9}(?:\.\d{1,9})?)s$/.exec(textOf(info?.retryDelay))?.[1];
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1000);
}

function badFrame(text: string, cause?: unknown): SluiceError {
  return new SluiceError(Code.INTERNAL, `the gateway sent a malformed frame: ${excerpt(text)}`, { cause });
}

function idOf({ id }: JsonObject, text: string): number {
  return countOf(id, text);
}

/** A uint32. ProtoJSON may omit a zero. */
function countOf(value: unknown, text: string): number {
  if (value === undefined) return 0;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 32) return value;
  throw badFrame(text);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function metadataOf(value: unknown): Metadata {
  if (!isJsonObject(value)) return {};
  // `fromEntries` makes the name "__proto__" a property like any other.
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, one]): [string, unknown] => [name, Array.isArray(one) ? one.join(',') : one])
      .filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
