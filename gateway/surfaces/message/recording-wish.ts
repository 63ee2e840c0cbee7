import type { IncomingHttpHeaders } from 'node:http';
import { RpcError } from '../../status/index.js';
import type { MethodRequest } from '../exchange/index.js';

/** What a client may say once, in bytes. Source: draft-ietf-httpapi-idempotency-key-header leaves it open. */
const MAX_KEY_LENGTH = 255;

/** What an HTTP request says of a call that is recorded. */
export interface RequestWish {
  readonly detach: boolean;
  readonly idempotencyKey: string | undefined;
  readonly location: string | undefined;
}

/** What an HTTP request says of its call where that is recorded; `undefined` where it is not. Throws INVALID_ARGUMENT for a key that is none. */
export function recordingWish(
  { method, http, location }: MethodRequest,
  detach = false,
): RequestWish | undefined {
  if (location !== undefined) return { detach: false, idempotencyKey: undefined, location };
  if (method.recording === undefined) return undefined;
  return {
    detach,
    idempotencyKey: idempotencyKey(http.headers),
    location: undefined,
  };
}

/** The client wants to be told where the answer is found, not to wait for it. Source: RFC 7240 section 4.1. */
export function prefersAsync(headers: IncomingHttpHeaders): boolean {
  const { prefer } = headers;
  if (prefer === undefined) return false;
  const preferences = Array.isArray(prefer) ? prefer.join(',') : prefer;
  return preferences
    .split(',')
    .some((each) => each.split(';', 1)[0]?.trim().toLowerCase() === 'respond-async');
}

function idempotencyKey(headers: IncomingHttpHeaders): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && isIdempotencyKey(key)) return key;
  throw new RpcError('INVALID_HEADER', `header idempotency-key: ${KEY_PROBLEM}`);
}

/** What is wrong with a key that `isIdempotencyKey` refuses. */
export const KEY_PROBLEM = `must be 1 to ${MAX_KEY_LENGTH} characters of printable ASCII`;

/** Whether a client may say this, in a header or in a frame. */
export function isIdempotencyKey(key: string): boolean {
  return key !== '' && key.length <= MAX_KEY_LENGTH && /^[ -~]*$/.test(key);
}
