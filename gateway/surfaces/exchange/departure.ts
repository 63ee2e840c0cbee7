import type { Method } from '../../schema/index.js';
import type { Surface } from './surface.js';

/** What becomes of an exchange when the gateway drains: it ends by itself soon, it is a stream that may end by itself, or its client can go on elsewhere. */
export type Departure = 'finishes' | 'lasts' | 'moves';

/** Half of the grace is for streams that move, but no more than this, in milliseconds: ten thousand of them are a thousand a second then. */
const MOST_MOVE_MS = 10_000;
/** Streams that only this gateway has may go on for so much of the grace. The last part of it is for their ends to arrive. */
const LAST_FROM = 0.7;
const LAST_TO = 0.9;

/**
 * What becomes of an exchange. A stream moves where its client can say where it was, and another gateway knows that place: by a cursor of the
 * service, or in a recording that gateways share.
 */
export function departureOf(
  { finite, hasIds }: Surface,
  { responseStream, requestStream, resume, recording }: Method,
  sharesRecordings: boolean,
): Departure {
  if (finite || !responseStream) return 'finishes';
  if (requestStream) return 'lasts';
  return resume !== undefined || (recording !== undefined && sharesRecordings && hasIds) ? 'moves' : 'lasts';
}

/** How long clients take to move when the gateway drains, all together, in milliseconds. */
export function moveMs(graceMs: number): number {
  return Math.min(graceMs / 2, MOST_MOVE_MS);
}

/**
 * In how many milliseconds a stream ends when the gateway drains, each at a time of its own, so that clients do not all come back at once. `random`: from 0 to 1.
 */
export function departsInMs(
  departure: Exclude<Departure, 'finishes'>,
  graceMs: number,
  random: number,
): number {
  if (departure === 'moves') return random * moveMs(graceMs);
  return graceMs * (LAST_FROM + random * (LAST_TO - LAST_FROM));
}
