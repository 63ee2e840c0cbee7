/** Where a request stands in a trace. Source: W3C Trace Context. */
export interface TraceContext {
  /** 32 hexadecimal digits, not all of them zero. */
  readonly traceId: string;
  /** Of the span before: 16 of them, not all zero. */
  readonly spanId: string;
  /** Bit 0: the trace is recorded. Bit 1: its id is random. */
  readonly flags: number;
  /** What vendors have written, as it travels; empty: nothing. */
  readonly state: string;
}

/** Version, trace, parent and flags; what a later version may have behind them begins with "-". */
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;
/** Of version 00. */
const LENGTH = 55;

/** What a later version may have behind the part that we know, and more than any has. */
const MAX_TRACEPARENT_LENGTH = 256;

const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);

/**
 * A `traceparent`, without its state; `undefined` when it is malformed, and the request then has no place in any trace. Of a later version the
 * part that we know counts. Source: W3C Trace Context, sections 3.2 and 4.
 */
export function parseTraceparent(value: string): Omit<TraceContext, 'state'> | undefined {
  if (value.length > MAX_TRACEPARENT_LENGTH) return undefined;
  if (!TRACEPARENT.test(value)) return undefined;
  // By their places, which are fixed: to have them from the expression costs twice as much.
  const traceId = value.slice(3, 35);
  const spanId = value.slice(36, 52);
  if (traceId === NO_TRACE || spanId === NO_SPAN || value.startsWith('ff')) return undefined;
  if (value.length > LENGTH && value.startsWith('00')) return undefined;
  return { traceId, spanId, flags: Number.parseInt(value.slice(53, LENGTH), 16) };
}

/** The `traceparent` of a place in a trace, in version 00; of the flags those that we know. */
export function formatTraceparent({ traceId, spanId, flags }: Omit<TraceContext, 'state'>): string {
  return `00-${traceId}-${spanId}-0${flags & 3}`;
}

/** Members of a `tracestate` at most. Source: W3C Trace Context, section 3.3.1.1. */
const MAX_MEMBERS = 32;

/** Characters of a `tracestate` that travel; the standard asks for 512 at least. */
export const MAX_TRACESTATE_LENGTH = 2_048;

/** Members longer than this go first where all of them are too long. Source: section 3.3.1.5. */
const LONG_MEMBER = 128;

const KEY = /^(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})$/;
const VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/**
 * What of a `tracestate` travels, the values of several headers joined by ",": all of it, unless it is longer than `MAX_TRACESTATE_LENGTH`; then long
 * members are left out, and after them the last ones. Empty when one member is malformed or there are more than 32: the trace goes on without it.
 */
export function usableTracestate(value: string): string {
  const members: string[] = [];
  for (let start = 0; start <= value.length; ) {
    const comma = value.indexOf(',', start);
    const end = comma === -1 ? value.length : comma;
    const member = value.slice(start, end).trim();
    start = end + 1;
    if (member === '') continue;
    if (members.length === MAX_MEMBERS || !isMember(member)) return '';
    members.push(member);
  }
  if (value.length <= MAX_TRACESTATE_LENGTH) return members.length === 0 ? '' : value;
  const fitting = lengthOf(members) <= MAX_TRACESTATE_LENGTH ? members : members.filter(isShort);
  while (lengthOf(fitting) > MAX_TRACESTATE_LENGTH) fitting.pop();
  return fitting.join(',');
}

function isMember(member: string): boolean {
  const equals = member.indexOf('=');
  return equals > 0 && KEY.test(member.slice(0, equals)) && VALUE.test(member.slice(equals + 1));
}

function isShort(member: string): boolean {
  return member.length <= LONG_MEMBER;
}

function lengthOf(members: readonly string[]): number {
  return members.reduce((sum, member) => sum + member.length + 1, -1);
}
