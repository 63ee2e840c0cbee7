import type { Method, RecordingRule } from '../../schema/index.js';
import type { Status } from '../../status/index.js';
import type { Call, SendBatch } from '../../upstream/index.js';
import type { CallRequest } from '../call-request.js';
import { renewed } from '../call-token.js';
import type { EvictionCause } from '../eviction-cause.js';
import type { KeptForLater, KnownRequest, Member, Replicas, SharedCall } from '../replica/index.js';
import { type Asked, type AskedCall, NEVER } from './asked-call.js';
import type { JournalMemory } from './journal-memory.js';
import { lateCall } from './late-call.js';
import { MemoryJournal } from './memory-journal.js';
import type { OtherGateways } from './other-gateways.js';
import { pointAtEnd } from './reader-point.js';
import { Recording } from './recording.js';
import { travellingMetadata } from './recording-key.js';
import { RemoteReaders } from './remote-readers.js';
import { SharedJournal } from './shared-journal.js';
import { ToldPosition } from './told-position.js';

/** What makes a recording this one and not another. */
export interface RecordingParts {
  readonly method: Method;
  readonly key: string;
  readonly principal: string;
  readonly epoch: string;
  /** Opens its call; what other gateways need of it is given. */
  readonly openCall: (member: Member) => Call;
}

/** What all recordings of a gateway are made with. */
export interface RecordingTools {
  readonly memory: JournalMemory;
  readonly maxPauseMs: number;
  readonly replicas?: Replicas | undefined;
  readonly onEvicted: (method: Method, messages: number, cause: EvictionCause) => void;
  readonly onChanged: (recording: Recording) => void;
}

/** A recording, with its journal, whose call begins at once. */
export function makeRecording(parts: RecordingParts, tools: RecordingTools): Recording {
  const { memory, maxPauseMs, onEvicted, onChanged, replicas } = tools;
  const { method, key, principal, epoch, openCall } = parts;
  const rule = method.recording as RecordingRule;
  let recording: Recording | undefined;
  const listener = {
    onEvicted: (messages: number, cause: EvictionCause) => onEvicted(method, messages, cause),
    onUnwanted: () => recording?.drop(),
  };
  const journal =
    replicas === undefined
      ? new MemoryJournal(rule, memory, listener, undefined, epoch)
      : new SharedJournal(rule, memory, listener, undefined, epoch);
  const shares = replicas && sharedWith(replicas, epoch);
  const made: Recording = new Recording({
    method,
    rule,
    key,
    principal,
    journal,
    maxPauseMs,
    openCall: () => {
      const call = openCall({
        epoch,
        bounds: rule,
        journal: journal as SharedJournal,
        isDetached: () => recording?.isDetached === true,
        isWanted: () => recording?.isWanted === true,
        dropUnread: () => {
          if (recording?.state !== 'running') return true;
          if (recording.readers > 0) return false;
          recording.drop();
          return true;
        },
        onStop: (status) => recording?.stop(status),
        onDetached: (ageMs) => recording?.detach(ageMs),
        onPosition: (gateway, position) => {
          if (recording !== undefined && rule.whenFull === 'pause')
            shares?.remote(recording).told(gateway, position);
        },
      });
      const tell = (status: Status) => (call as SharedCall).finish(status);
      if (journal instanceof SharedJournal) journal.tell = tell;
      return call;
    },
    onRoom: (listener) => memory.onRoom(listener),
    onChanged: () => {
      if (made.state === 'dropped') shares?.close();
      onChanged(made);
    },
    others: shares,
  });
  recording = made;
  return made;
}

/** What a recording has to do with other gateways. */
function sharedWith(replicas: Replicas, epoch: string) {
  const position = new ToldPosition((seq) => replicas.tellPosition(epoch, seq));
  let remote: RemoteReaders | undefined;
  return {
    leads: () => replicas.leads(epoch),
    isHeard: () => replicas.isHeard(epoch),
    isWanted: () => replicas.isWantedElsewhere(epoch),
    stop: (status: Status) => replicas.stopElsewhere(epoch, status),
    moved: (seq: number | undefined) => position.moved(seq),
    remote: (recording: Recording) => {
      remote ??= new RemoteReaders(recording);
      return remote;
    },
    close: () => {
      position.close();
      remote?.close();
    },
  } satisfies OtherGateways & Record<string, unknown>;
}

/** The call of the service for a request, without what is its client's alone. `messages`: all that the client sends; `undefined`: it will send more. */
export function openRecorded(
  openCall: (request: CallRequest) => Call,
  request: AskedCall,
  messages: SendBatch | undefined,
): Call {
  const { method, metadata } = request;
  const call = openCall({
    ...request,
    metadata: travellingMetadata(method.recording as RecordingRule, metadata),
    signal: NEVER,
    deadline: undefined,
  });
  if (messages !== undefined) {
    if (messages.length > 0) void call.write(messages);
    call.halfClose();
  }
  return call;
}

/** A request for a recording, for who may have to go on with it: here, or elsewhere. */
export function knownRequest(
  openCall: (request: CallRequest) => Call,
  recording: Recording,
  asked: Asked,
): KnownRequest {
  const { request } = asked;
  return {
    reopen: () => reopenRecorded(openCall, recording, asked),
    async handed() {
      if (pointAtEnd(recording, request.requestCodec) === undefined) return undefined;
      return (await handedFor(recording, asked)).request;
    },
    async kept() {
      const { resume, requestStream } = request.method;
      if (resume === undefined || requestStream) return undefined;
      return await handedFor(recording, asked);
    },
  };
}

/** What another gateway gets, which does not know the client and cannot renew its token. */
async function handedFor(recording: Recording, { request, messages }: Asked): Promise<KeptForLater> {
  const { metadata, token } = await renewed({ ...request, token: recording.tokens.ofCall(request.token) });
  const field = request.resume?.last.kind === 'cursor' ? request.resume.field : NO_FIELD;
  return {
    request: {
      metadata: travellingMetadata(recording.rule, metadata),
      // Where the client has gone on is part of it, until there is a message to go on behind.
      messages: messages.map((message) => Buffer.concat([message, field]).toString('base64')),
    },
    endsAt: token?.endsAt,
  };
}

const NO_FIELD = new Uint8Array(0);

/**
 * The same behind what is recorded, as who follows it now; `undefined` where the service cannot be asked to go on there. The request may be of long ago, so
 * its token is renewed first.
 */
function reopenRecorded(
  openCall: (request: CallRequest) => Call,
  recording: Recording,
  { request, messages, isFirst }: Asked,
): Call | undefined {
  const resume = pointAtEnd(recording, request.requestCodec);
  // A service that has said nothing that anybody could have seen is asked for all.
  if (resume === undefined && !(isFirst && recording.journal.lastSeq === 0)) return undefined;
  const again = { ...request, resume, token: recording.tokens.ofCall(request.token) };
  if (again.token === undefined) return openRecorded(openCall, again, messages);
  return lateCall(renewed(again).then((told) => openRecorded(openCall, { ...again, ...told }, messages)));
}
