import { newLocation, type RecordingWish } from '../../recording/index.js';
import { RpcError } from '../../status/index.js';
import { locationInPath } from '../../wire/index.js';
import type { ClientFrame } from '../../wire/session/index.js';
import type { MethodRequest } from '../exchange/index.js';
import { isIdempotencyKey, KEY_PROBLEM } from '../message/index.js';

type OpenFrame = Extract<ClientFrame, { kind: 'open' }>;

/** What a call of a session says of its recording. */
export type CallPlace = Partial<Omit<RecordingWish, 'principal'>>;

/** Where the call is found that an `open` joins; `undefined`: it begins one. Throws INVALID_ARGUMENT, or NOT_FOUND for what is no location. */
export function joinedLocation({ location, method }: OpenFrame): string | undefined {
  if (location === '') return undefined;
  if (method !== '') {
    throw new RpcError('INVALID_REQUEST', 'open: has a method and a location: leave one of them out');
  }
  const found = locationInPath(location);
  if (found === undefined) throw new RpcError('CALL_NOT_FOUND', 'there is no call at this location');
  return found;
}

/** Where a call is found that goes on without its client, or is joined, and by which key; `undefined`: neither. Throws INVALID_ARGUMENT for a key that is none. */
export function placeOfCall(
  { detach, idempotencyKey }: OpenFrame,
  { method, location }: MethodRequest,
): CallPlace | undefined {
  if (location !== undefined) return { location };
  const { recording } = method;
  if (recording === undefined) return undefined;
  const named = idempotencyKey === '' ? undefined : idempotencyKey;
  if (named !== undefined && !isIdempotencyKey(named))
    throw new RpcError('INVALID_REQUEST', `open.idempotencyKey: ${KEY_PROBLEM}`);
  if (!(detach || recording.detach)) return named === undefined ? undefined : { idempotencyKey: named };
  // The client is told before its messages say which recording this is.
  return { detach, idempotencyKey: named, newLocation: newLocation() };
}
