import { newLocation, type RecordingWish } from '../../recording/index.js';
import { RpcError } from '../../status/index.js';
import { locationInPath } from '../../wire/index.js';
import type { ClientFrame } from '../../wire/session/index.js';
import type { MethodRequest } from '../exchange/index.js';

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

/** Where a call is found that goes on without its client, or is joined; `undefined`: it is neither. */
export function placeOfCall(
  { detach }: OpenFrame,
  { method, location }: MethodRequest,
): CallPlace | undefined {
  if (location !== undefined) return { location };
  const { recording } = method;
  if (recording === undefined || !(detach || recording.detach)) return undefined;
  // The client is told before its messages say which recording this is.
  return { detach, newLocation: newLocation() };
}
