import type { ResumePoint } from '../../recording/index.js';
import type { Metadata } from '../../status/index.js';
import { parseLastEventId } from '../../wire/index.js';
import type { ClientFrame } from '../../wire/session/index.js';
import type { MethodRequest } from '../exchange/index.js';
import { callMetadata, resumePointOfCursor } from '../message/index.js';
import type { SessionContext } from './session-context.js';

/** The frame that opens a call. */
export type OpenFrame = Extract<ClientFrame, { kind: 'open' }>;

/** An `open` that may become a call: nothing is wrong with it. */
export interface AdmittedCall {
  readonly request: MethodRequest;
  readonly metadata: Metadata;
  /** Where the client wants its stream to go on. */
  readonly resume: ResumePoint | undefined;
  readonly deadline: number | undefined;
}

/**
 * Checks an `open`. Throws `RpcError`: how the call ends before it has begun. Nothing for a client that has been told the end of this
 * stream: there is nothing to begin.
 */
export function admitCall(open: OpenFrame, context: SessionContext): AdmittedCall | undefined {
  const { limits } = context;
  const request = context.methodRequestOf(open.method, context.http);
  const { requestStream, responseStream } = request.method;
  if (responseStream && parseLastEventId(open.cursor).kind === 'ended') return undefined;
  const metadata = callMetadata(context.metadata, open.metadata, context.headerRules);
  const resume = resumePointOfCursor(request, open.cursor);
  const unary = !requestStream && !responseStream;
  const timeoutMs = open.timeoutMs || (unary ? limits.unaryTimeoutMs : 0);
  return {
    request,
    metadata,
    resume,
    deadline: timeoutMs === 0 ? undefined : Date.now() + timeoutMs,
  };
}
