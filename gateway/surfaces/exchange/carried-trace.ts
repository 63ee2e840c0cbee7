import type { Metadata } from '../../status/index.js';
import {
  formatTraceparent,
  parseTraceparent,
  type TraceContext,
  usableTracestate,
} from '../../wire/index.js';

const PARENT = 'traceparent';
const STATE = 'tracestate';

/** What metadata says of a trace. */
export interface CarriedTrace {
  /** Absent: what it says is malformed, and counts as nothing. */
  readonly context: TraceContext | undefined;
  /** All that is no trace context. */
  readonly others: Metadata;
  /** What travels to the service where nothing follows the call: the client's own context unchanged, or none where it is malformed. */
  readonly metadata: Metadata;
}

/** The trace that a client's metadata carries; `undefined` where no name of it is about one, which costs no more than to look at the names. */
export function carriedTrace(metadata: Metadata): CarriedTrace | undefined {
  for (const [name] of metadata) if (isOfTrace(name)) return read(metadata);
  return undefined;
}

/** The id of the trace that metadata carries. */
export function traceIdOf(metadata: Metadata): string | undefined {
  return carriedTrace(metadata)?.context?.traceId;
}

/** Whether a name of metadata says where a call stands in a trace: both of these are one thing, and none without the other counts. */
export function isOfTrace(name: string): boolean {
  return name === PARENT || name === STATE;
}

/** What the service is told, with a context in the place of the client's own. */
export function withTrace(others: Metadata, context: TraceContext): Metadata {
  const told: (readonly [string, string])[] = others.slice();
  told.push([PARENT, formatTraceparent(context)]);
  if (context.state !== '') told.push([STATE, context.state]);
  return told;
}

function read(metadata: Metadata): CarriedTrace {
  const others: Metadata[number][] = [];
  const parents: string[] = [];
  const states: string[] = [];
  for (const pair of metadata) {
    if (pair[0] === PARENT) parents.push(pair[1]);
    else if (pair[0] === STATE) states.push(pair[1]);
    else others.push(pair);
  }
  const [given = ''] = parents;
  // Two of them say nothing: none is the right one.
  const parent = parents.length === 1 ? parseTraceparent(given) : undefined;
  if (parent === undefined) return { context: undefined, others, metadata: others };
  const state = usableTracestate(states.join(','));
  const told: Metadata[number][] = [...others, [PARENT, given]];
  if (state !== '') told.push([STATE, state]);
  return { context: { ...parent, state }, others, metadata: told };
}
