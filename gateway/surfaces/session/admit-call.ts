import type { CallToken, ResumePoint } from '../../recording/index.js';
import {
  type AccessDecision,
  authorityOf,
  credentialExpired,
  credentialShown,
  decided,
  type Principal,
  shownCredential,
} from '../../security/index.js';
import type { Metadata } from '../../status/index.js';
import { parseLastEventId } from '../../wire/index.js';
import type { ClientFrame } from '../../wire/session/index.js';
import { type MethodRequest, ownerOf } from '../exchange/index.js';
import { callMetadata, resumePointOfCursor } from '../message/index.js';
import { type CallPlace, joinedLocation, placeOfCall } from './call-place.js';
import { requestIdOf } from './call-request-id.js';
import type { SessionContext } from './session-context.js';
import type { SessionCaller } from './session-credential.js';

/** The frame that opens a call. */
export type OpenFrame = Extract<ClientFrame, { kind: 'open' }>;

/** Who opens calls that say no credential of their own: now, each time that it is asked. */
export interface CallingSession {
  readonly caller: SessionCaller;
}

/** An `open` that may become a call: nothing is wrong with it. */
export interface AdmittedCall {
  readonly request: MethodRequest;
  readonly principal: Principal;
  /** It does not stand on the credential of its session. */
  readonly hasOwnCredential: boolean;
  readonly metadata: Metadata;
  /** By what of it the service knows who calls. */
  readonly token?: CallToken | undefined;
  /** Where the client wants its stream to go on. */
  readonly resume: ResumePoint | undefined;
  /** What it says of its recording. */
  readonly place: CallPlace | undefined;
  readonly deadline: number | undefined;
}

/** Nothing for a client that has been told the end of this stream: there is nothing to begin. */
export type Admission = AdmittedCall | undefined;

/**
 * Checks an `open`. Throws `RpcError`, or rejects with it: how the call ends before it has begun. A promise only where it cannot be said at once who calls:
 * a call may say `authorization` in its own metadata, and has the session's principal otherwise.
 */
export function admitCall(
  open: OpenFrame,
  context: SessionContext,
  session: CallingSession,
): Admission | Promise<Admission> {
  const { identity, exchanges, source, requestId } = context;
  const decision = identity.decision(() => ({
    requestId: requestIdOf(open.metadata) ?? requestId,
    peer: source.address,
  }));
  return exchanges.limits.whileChecked(
    source,
    decided(decision, () => decide(open, context, session, decision)),
  );
}

function decide(
  open: OpenFrame,
  context: SessionContext,
  session: CallingSession,
  decision: AccessDecision | undefined,
): Admission | Promise<Admission> {
  const { identity, exchanges, source } = context;
  const { caller } = session;
  const shown = shownCredential(() => identity.credentialOfCall(open.metadata));
  decision?.shows(shown);
  // Before everything that costs more than a refusal may.
  const { socket } = context.http;
  const glance = identity.glance(shown, caller.principal);
  exchanges.limits.beginShown(source, glance, socket);
  const location = joinedLocation(open);
  const begun = location === undefined ? context.methodRequestOf(open.method, context.http) : undefined;
  const own = credentialShown(shown);
  // Also where nobody need be known: who has shown a credential wants to be.
  if (own === undefined && caller.isExpired) throw credentialExpired();
  const principal = own === undefined ? caller.principal : identity.identify(own);
  const admit = (known: Principal): Admission | Promise<Admission> => {
    exchanges.limits.beginChecked(source, glance, socket, known);
    const told = (): Metadata => {
      const metadata = callMetadata(context.metadata, open.metadata, context.headerRules);
      return identity.metadata(metadata, known, own ?? caller.credential);
    };
    // Who calls decides what is at a location.
    const request =
      begun ??
      context.requestAt(location ?? '', ownerOf({ principal: known, metadata: told() }), context.http);
    decision?.isOf(known, request.method.path);
    const denied = identity.refusalOfAccess(known, request.method.access, decision);
    if (denied !== undefined) throw denied;
    const who = { principal: known, hasOwnCredential: own !== undefined };
    const call = admitKnown(open, request, context, who, told);
    if (call === undefined) return undefined;
    const signed = identity.signed(call.metadata, known, request.method.path);
    return signed instanceof Promise
      ? signed.then((metadata) => tell(known, call, metadata))
      : tell(known, call, signed);
  };
  const tell = (principal: Principal, call: AdmittedCall, metadata: Metadata) => {
    // A call that stands on the session's credential goes on with those that come after it.
    const owner = own === undefined ? caller : { principal, credential: own };
    const newest = own === undefined ? () => session.caller : undefined;
    const token = identity.told(metadata, owner, call.request.method, newest);
    // Every member by name, as in `dispatch.ts`.
    const { request, hasOwnCredential, resume, place, deadline } = call;
    const told = { request, principal, hasOwnCredential, metadata, token, resume, place, deadline };
    return ask(principal, told);
  };
  const ask = (known: Principal, call: AdmittedCall): Admission | Promise<Admission> => {
    const { http, requestId } = context;
    const { path, access } = call.request.method;
    const asking = () => ({
      http,
      authority: authorityOf(http),
      requestId,
      source,
      principal: known,
      path,
    });
    const asked = identity.authorize(access, asking, open.metadata, decision);
    return asked === undefined
      ? call
      : asked.then(({ tell }) => ({ ...call, metadata: tell(call.metadata) }));
  };
  // It may be on another gateway.
  const brought = location === undefined ? undefined : context.bring(location);
  if (brought !== undefined) return Promise.all([principal, brought]).then(([known]) => admit(known));
  return principal instanceof Promise ? principal.then(admit) : admit(principal);
}

function admitKnown(
  open: OpenFrame,
  request: MethodRequest,
  context: SessionContext,
  known: Pick<AdmittedCall, 'principal' | 'hasOwnCredential'>,
  told: () => Metadata,
): Admission {
  const { limits } = context;
  const { requestStream, responseStream } = request.method;
  if (responseStream && parseLastEventId(open.cursor).kind === 'ended') return undefined;
  const metadata = told();
  const resume = resumePointOfCursor(request, open.cursor);
  const unary = !requestStream && !responseStream;
  const timeoutMs = open.timeoutMs || (unary ? limits.unaryTimeoutMs : 0);
  return {
    request,
    principal: known.principal,
    hasOwnCredential: known.hasOwnCredential,
    metadata,
    token: undefined,
    resume,
    place: placeOfCall(open, request),
    deadline: timeoutMs === 0 ? undefined : Date.now() + timeoutMs,
  };
}
