import { createHash } from 'node:crypto';
import type { Method, RecordingRule } from '../../schema/index.js';
import { isRetryable } from '../../status/index.js';
import type { CallRequest, RecordingWish } from '../call-request.js';
import type { HandedRequest, SharedRecord } from '../replica/index.js';
import type { ResumePoint } from '../resume-point.js';
import type { Beginning } from './beginning.js';
import type { Recording } from './recording.js';
import { recordingKey, versionOf } from './recording-key.js';

/** A call that is recorded, as it is asked for. */
export type AskedCall = CallRequest & RecordingWish;

/** A call, with what its client sends. */
export interface Asked {
  readonly request: AskedCall;
  readonly messages: readonly Uint8Array[];
  /** It is the request that the call was made with, and says itself where that began. */
  readonly isFirst?: boolean;
}

/** The same of a call that another gateway hands over. */
export function askedByOther(
  { metadata, messages }: HandedRequest,
  { owner }: SharedRecord,
  call: Pick<CallRequest, 'method' | 'requestCodec' | 'onHealed'>,
): Asked {
  const request = { ...call, metadata, resume: undefined, signal: NEVER, principal: owner, detach: true };
  return { request, messages: messages.map((text) => Buffer.from(text, 'base64')), isFirst: true };
}

/** Of a call that no client ends. */
export const NEVER = {
  aborted: false,
  reason: undefined,
  addEventListener() {},
  removeEventListener() {},
} as const;

/** What the other gateways are told of a recording. */
export function recordOf(method: Method, key: string, owner: string): Omit<SharedRecord, 'leader'> {
  return { key, method: method.path, version: versionOf(method), owner };
}

/** What makes requests equal. */
export function keyOf({ method, principal, metadata }: AskedCall, messages: readonly Uint8Array[]): string {
  return recordingKey({ method, rule: method.recording as RecordingRule, principal, metadata, messages });
}

/** An `Idempotency-Key` with whose it is. Principals are longer than anybody needs to keep twice. */
export function nameOf(principal: string, idempotencyKey: string): string {
  return createHash('sha256')
    .update(`${Buffer.byteLength(principal)}:${principal}${idempotencyKey}`)
    .digest('base64url');
}

/** The client has read all of a call that broke off, and comes back for what did not come: that is not there. */
export function isBroken({ journal }: Recording, resume: ResumePoint | undefined): boolean {
  const last = resume?.last;
  return (
    journal.ended !== undefined &&
    isRetryable(journal.ended.code) &&
    last?.kind === 'recorded' &&
    last.seq === journal.lastSeq
  );
}

/** A call that may be made again for a reader: a server stream that nobody finds by a location. */
export function mayBeAsked({ method, location }: Recording): boolean {
  return !method.requestStream && method.responseStream && location === undefined;
}

/** Where the one begins who opens a recording. */
export function begun(resume: ResumePoint | undefined): Beginning {
  switch (resume?.last.kind) {
    // What the client has seen was of a call that is not here any more.
    case 'recorded':
      return { after: 0, requested: resume.id };
    case 'cursor':
      return { after: 0, lastEventId: resume.id };
    default:
      return { after: 0 };
  }
}

/** Whose a call is, as a gateway that shares recordings with others keeps it: they are told nothing of it but this. */
export function ownerIn(others: unknown, principal: string): string {
  return others === undefined ? principal : nameOf(principal, '');
}
