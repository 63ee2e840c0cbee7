import { Code } from '../shared/code.js';
import { errorFromStatusObject } from '../shared/error-from-wire.js';
import { excerpt, isJsonObject, type JsonObject } from '../shared/json.js';
import { SluiceError } from '../shared/sluice-error.js';

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
  | {
      readonly type: 'opened';
      readonly id: number;
      readonly credit: number;
      readonly creditBytes: number;
      /** Where a detached call is found; empty for any other. */
      readonly location: string;
    }
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
  const count = (name: string) => countOf(body[name], text);
  const id = count('id');
  switch (type) {
    case 'opened':
      return {
        type,
        id,
        credit: count('credit'),
        creditBytes: count('creditBytes'),
        location: textOf(body.location),
      };
    case 'headers':
      return { type, id, metadata: metadataOf(body.metadata) };
    case 'message':
      // A message may be any JSON value, also null (google.protobuf.Value), but it must be there.
      if (body.data === undefined) throw badFrame(text);
      return { type, id, data: body.data, cursor: textOf(body.cursor), bytes: count('bytes') };
    case 'end':
      return { type, id, end: callEndFrom(body) };
    case 'credit':
      return { type, id, messages: count('messages'), bytes: count('bytes') };
    case 'dropped':
      return { type, id, count: count('count') };
    case 'gap':
      return { type, id, gap: gapFrom(body) };
    case 'goAway':
      return { type, reconnectAfterMs: count('reconnectAfterMs') };
    case 'authExpires':
    case 'pong':
      return { type };
    default:
      return undefined;
  }
}

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
