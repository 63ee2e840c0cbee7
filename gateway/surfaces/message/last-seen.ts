import type { OutgoingHttpHeaders } from 'node:http';
import { type ResumePoint, resumePoint } from '../../recording/index.js';
import type { CallStart } from '../../upstream/index.js';
import { CALLS_PATH, type LastEventId, MAX_EVENT_ID_LENGTH, parseLastEventId } from '../../wire/index.js';
import type { MethodRequest } from '../exchange/index.js';

/** Says after what an answer continues: the id right before the first message that will come. */
export const POSITION_HEADER = 'sluice-last-event-id';

const NAME = 'last-event-id';

/** Text that travels in a header as it is. */
const ASCII = /^[ -~]*$/;

/**
 * What the client has seen of this stream before. The header wins: an `EventSource` that reconnects sends the newest id there, while the address is
 * still the first one. Of several parameters the last one counts, because what stands in for `EventSource` adds one to the address as it is.
 */
function lastSeen({ http, query }: MethodRequest): LastEventId {
  const header = http.headers[NAME];
  if (typeof header !== 'string') return parseLastEventId(query.getAll('lastEventId').at(-1));
  const isText = header.length > MAX_EVENT_ID_LENGTH || ASCII.test(header);
  return isText
    ? parseLastEventId(header)
    : { kind: 'invalid', problem: 'has a character that no id has: ids are printable ASCII' };
}

/** The client has been told that this stream is over: there is nothing to begin again. */
export function hasSeenEnd(request: MethodRequest): boolean {
  return request.method.responseStream && lastSeen(request).kind === 'ended';
}

/** Where the client wants the stream to go on; a method without cursors and recordings ignores what it says. Throws INVALID_ARGUMENT for what is no id of this method. */
export function resumePointOf(request: MethodRequest): ResumePoint | undefined {
  const { method, requestCodec } = request;
  if (method.resume === undefined && method.recording === undefined) return undefined;
  return resumePoint(method, requestCodec, lastSeen(request), NAME);
}

/** The same as a cursor of a session, which is not escaped; a client that names one wants it, so a method without cursors refuses it. */
export function resumePointOfCursor(
  { method, requestCodec }: Pick<MethodRequest, 'method' | 'requestCodec'>,
  cursor: string,
): ResumePoint | undefined {
  return resumePoint(method, requestCodec, lastOfCursor(method, cursor), 'cursor');
}

/** A cursor of a service is as it is. What has the form of an id of ours is one where the method is recorded: a gap says such ids, too. */
function lastOfCursor({ resume, recording }: MethodRequest['method'], cursor: string): LastEventId {
  const last = parseLastEventId(cursor);
  if (resume === undefined || cursor === '' || cursor.length > MAX_EVENT_ID_LENGTH) return last;
  const { kind } = last;
  const isOurs = recording !== undefined && (kind === 'recorded' || kind === 'earliest' || kind === 'now');
  return isOurs ? last : { kind: 'cursor', cursor };
}

/** The address of a call that goes on without its clients. */
export function pathOfCall({ basePath = '' }: Pick<MethodRequest, 'basePath'>, location: string): string {
  return basePath + CALLS_PATH + location;
}

/** The headers of an answer that begins there; `request`: of a form of ours, which says where the call is found. */
export function positionHeaders(
  start: CallStart | undefined,
  request?: Pick<MethodRequest, 'basePath'>,
): OutgoingHttpHeaders | undefined {
  if (start === undefined) return undefined;
  const { lastEventId, location } = start;
  const place = location === undefined || request === undefined ? undefined : pathOfCall(request, location);
  return {
    ...(lastEventId !== undefined && { [POSITION_HEADER]: lastEventId }),
    ...(place !== undefined && { 'content-location': place }),
  };
}

/** The id of a recording's message, which no field of the message says. */
const RECORDED = /^~[^=]/;

/**
 * The same of an answer that has no ids: its client counts from there. It cannot where messages may be dropped without its knowing, and is not told then.
 */
export function countedHeaders(
  request: Pick<MethodRequest, 'method' | 'basePath'>,
  start: CallStart | undefined,
): OutgoingHttpHeaders | undefined {
  const { policy } = request.method.slowReader;
  const mayMiss = policy === 'conflate' || policy === 'drop-oldest';
  const isUncounted = start !== undefined && mayMiss && RECORDED.test(start.lastEventId ?? '');
  return positionHeaders(isUncounted ? { ...start, lastEventId: undefined } : start, request);
}
