import type { Method } from '../../schema/index.js';
import type { Surface } from './surface.js';

/** What becomes of an exchange when the gateway drains: it ends by itself soon, it is a stream that only this gateway has, or its client goes on elsewhere. */
export type Departure = 'finishes' | 'ends' | 'moves';

/** A quarter of the grace is for streams to end, but no more than this, in milliseconds: nobody waits for an endless one. */
const MOST_MS = { moves: 2_000, ends: 1_000 } as const;
/** The same for calls of a session whose client has not moved them. */
const MOST_STAY_MS = 3_000;

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
  if (requestStream) return 'ends';
  return resume !== undefined || (recording !== undefined && sharesRecordings && hasIds) ? 'moves' : 'ends';
}

/** How long streams take to leave when the gateway drains, all together, in milliseconds. */
export function departureMs(departure: Exclude<Departure, 'finishes'>, graceMs: number): number {
  return Math.min(graceMs / 4, MOST_MS[departure]);
}

/** How long streams of a session may go on when the gateway drains, in milliseconds, so that its client can move them. */
export function stayMs(graceMs: number): number {
  return Math.min(graceMs / 2, MOST_STAY_MS);
}
