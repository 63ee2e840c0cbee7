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
export class CarriedTrace {
  /** Absent: what it says is malformed, and counts as nothing. */
  readonly context: TraceContext | undefined;
  /** What travels to the service where nothing follows the call: the client's own context unchanged, or none where it is malformed. */
  readonly metadata: Metadata;

  constructor(context: TraceContext | undefined, metadata: Metadata) {
    this.context = context;
    this.metadata = metadata;
  }

  /** All that is no trace context. */
  get others(): Metadata {
    return othersOf(this.metadata);
  }
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
  let given: string | undefined;
  let givenState: string | undefined;
  let parents = 0;
  let states = 0;
  for (const [name, value] of metadata) {
    if (name === PARENT) {
      given = value;
      parents += 1;
    } else if (name === STATE) {
      givenState = givenState === undefined ? value : `${givenState},${value}`;
      states += 1;
    }
  }
  // Two of them say nothing: none is the right one.
  const parent = given !== undefined && parents === 1 ? parseTraceparent(given) : undefined;
  if (given === undefined || parent === undefined) return new CarriedTrace(undefined, othersOf(metadata));
  const state = givenState === undefined ? '' : usableTracestate(givenState);
  const { traceId, spanId, flags } = parent;
  // Nearly always: nothing is wrong with it, and nothing is to be changed.
  const isAsGiven = states === 0 || (states === 1 && state === givenState);
  const told = isAsGiven ? metadata : [...othersOf(metadata), ...pairsOf(given, state)];
  return new CarriedTrace({ traceId, spanId, flags, state }, told);
}

function othersOf(metadata: Metadata): Metadata {
  return metadata.filter(([name]) => !isOfTrace(name));
}

function pairsOf(parent: string, state: string): Metadata {
  return state === ''
    ? [[PARENT, parent]]
    : [
        [PARENT, parent],
        [STATE, state],
      ];
}
