import { createHash, randomBytes } from 'node:crypto';
import type { Method, RecordingRule } from '../../schema/index.js';
import { isRetryable, RpcError } from '../../status/index.js';
import type { Call, SendBatch } from '../../upstream/index.js';
import type { CallRequest, Recorder, RecordingWish } from '../call-request.js';
import type { EvictionCause } from '../eviction-cause.js';
import type { ResumePoint } from '../resume-point.js';
import { type CallState, callState } from './call-state.js';
import { DetachedCalls, type DetachLimits } from './detached-calls.js';
import { JournalMemory } from './journal-memory.js';
import { MemoryJournal } from './memory-journal.js';
import { type Beginning, Reader } from './reader.js';
import { afterCursor, beginningAt } from './reader-point.js';
import { Recording } from './recording.js';
import { recordingKey, travellingMetadata, versionOf } from './recording-key.js';

/** What recordings need, and whom they tell. */
export interface RecordingsOptions extends DetachLimits {
  /** Opens a call of the service. */
  readonly openCall: (request: CallRequest) => Call;
  /** Of all journals together. */
  readonly journalBytes: number;
  /** How long a service waits for the slowest reader, in milliseconds. */
  readonly maxPauseMs: number;
  readonly onEvicted: (method: Method, messages: number, cause: EvictionCause) => void;
  /** A reader is told that messages are missing. */
  readonly onGap: (method: Method) => void;
}

const NEVER = { aborted: false, reason: undefined, addEventListener() {}, removeEventListener() {} } as const;

/** Every recording of a gateway: finds the one that a request is for, or opens one. Whoever makes it closes it. */
export class Recordings implements Recorder {
  readonly #options: RecordingsOptions;
  readonly #memory: JournalMemory;
  /** All of them by the epochs of their journals, which nobody can guess. */
  readonly #byEpoch = new Map<string, Recording>();
  /** Those that run and are shared, by what makes requests equal. */
  readonly #shared = new Map<string, Recording>();
  /** By principal and `Idempotency-Key`. */
  readonly #byIdempotency = new Map<string, Recording>();
  readonly #idempotencyOf = new Map<Recording, string>();
  readonly #detached: DetachedCalls;

  constructor(options: RecordingsOptions) {
    this.#options = options;
    this.#memory = new JournalMemory(options.journalBytes);
    this.#detached = new DetachedCalls(options);
  }

  /** How many there are, running or ended. */
  get size(): number {
    return this.#byEpoch.size;
  }

  /** How many clients follow one. */
  get readers(): number {
    let readers = 0;
    for (const recording of this.#byEpoch.values()) readers += recording.readers;
    return readers;
  }

  /** What all journals hold, in bytes. */
  get bytes(): number {
    return this.#memory.bytes;
  }

  open(request: CallRequest, wish: RecordingWish): Reader {
    const { method, signal, deadline } = request;
    const asked = { ...request, ...wish };
    const reader = new Reader({
      signal,
      deadline,
      onGap: this.#options.onGap,
      attach: (reader, messages) => {
        this.#attempt(reader, () => this.#attach(reader, asked, messages));
      },
    });
    const { location } = wish;
    if (location !== undefined) this.#attempt(reader, () => this.#join(reader, asked, location));
    else if (method.requestStream) {
      // No two of them are equal.
      const key = keyOf(asked, [randomBytes(16)]);
      this.#attempt(reader, () => {
        this.#follow(reader, asked, this.#begin(asked, key, undefined), { after: 0 }, true);
      });
    }
    return reader;
  }

  #attempt(reader: Reader, attach: () => void): void {
    try {
      attach();
    } catch (reason) {
      reader.fail(RpcError.from(reason));
    }
  }

  #join(reader: Reader, { principal, resume, detach }: AskedCall, location: string): void {
    const recording = this.find(location, principal);
    recording.evictAged();
    if (detach) this.#detached.add(recording);
    reader.follow(recording, beginningAt(recording, resume), false);
  }

  /** The method of the call at a location, as `methodOf` has it now. Throws NOT_FOUND, also where its messages have changed since. */
  methodAt(location: string, principal: string, methodOf: (path: string) => Method | undefined): Method {
    const { method } = this.find(location, principal);
    const current = methodOf(method.path);
    if (current !== undefined && versionOf(current) === versionOf(method)) return current;
    throw new RpcError('CALL_GONE', 'the schema of the service has changed since the call was recorded');
  }

  /** How the call at a location stands. Throws NOT_FOUND. */
  stateAt(location: string, principal: string): CallState {
    const recording = this.find(location, principal);
    recording.evictAged();
    return callState(recording);
  }

  /** The recording at a location. Throws NOT_FOUND: for ever (404), or because what was there is gone (410). */
  find(location: string, principal: string): Recording {
    return this.#detached.find(location, principal);
  }

  /** Ends the call at a location. Throws NOT_FOUND, as `find` does, and for everybody but who opened it. */
  stop(location: string, principal: string): void {
    this.#detached.stop(location, principal);
  }

  /** Ends all calls and gives everything up. */
  close(): void {
    for (const recording of [...this.#byEpoch.values()]) recording.drop();
    this.#detached.close();
  }

  #attach(reader: Reader, request: AskedCall, messages: readonly Uint8Array[]): void {
    const { method, resume, idempotencyKey, principal } = request;
    const last = resume?.last;
    const rule = method.recording as RecordingRule;
    const key = keyOf(request, messages);
    const known =
      idempotencyKey === undefined ? undefined : this.#byIdempotency.get(nameOf(principal, idempotencyKey));
    if (known !== undefined && known.key !== key) {
      throw new RpcError('IDEMPOTENCY_CONFLICT', 'header idempotency-key: was used for another request');
    }
    const named = known ?? (last?.kind === 'recorded' ? this.#byEpoch.get(last.epoch) : undefined);
    // Another principal's, or that of another request, is as unknown as one that never was.
    const old = named?.key === key && !isBroken(named, resume) ? named : undefined;
    const found = old ?? (rule.sharing === 'none' ? undefined : this.#shared.get(key));
    found?.evictAged();
    // A service that knows cursors goes on after one that is not kept.
    const place =
      found && (last?.kind === 'cursor' ? afterCursor(found, last.cursor) : beginningAt(found, resume));
    if (found !== undefined && place !== undefined) this.#follow(reader, request, found, place, false);
    else {
      const recording = this.#begin(request, key, messages);
      this.#follow(reader, request, recording, begun(resume), true);
    }
  }

  #follow(
    reader: Reader,
    request: AskedCall,
    recording: Recording,
    beginning: Beginning,
    isWriter: boolean,
  ): void {
    const { detach, principal, idempotencyKey } = request;
    if ((detach || recording.rule.detach) && recording.state === 'running') {
      try {
        this.#detached.add(recording);
      } catch (reason) {
        if (isWriter) recording.drop();
        throw reason;
      }
    }
    if (idempotencyKey !== undefined && !this.#idempotencyOf.has(recording)) {
      const name = nameOf(principal, idempotencyKey);
      this.#byIdempotency.set(name, recording);
      this.#idempotencyOf.set(recording, name);
    }
    reader.follow(recording, beginning, isWriter);
  }

  /** Opens a call. `messages`: all that the client sends; `undefined`: it will send more. */
  #begin(request: AskedCall, key: string, messages: SendBatch | undefined): Recording {
    const { method, principal, metadata } = request;
    const { openCall, maxPauseMs, onEvicted } = this.#options;
    const rule = method.recording as RecordingRule;
    const resume = request.resume?.last.kind === 'cursor' ? request.resume : undefined;
    let recording: Recording | undefined;
    const journal = new MemoryJournal(rule, this.#memory, {
      onEvicted: (messages, cause) => onEvicted(method, messages, cause),
      onUnwanted: () => recording?.drop(),
    });
    recording = new Recording({
      method,
      rule,
      key,
      principal,
      journal,
      maxPauseMs,
      openCall: () => {
        const call = openCall({
          ...request,
          resume,
          metadata: travellingMetadata(rule, metadata),
          signal: NEVER,
          deadline: undefined,
        });
        if (messages !== undefined) {
          if (messages.length > 0) void call.write(messages);
          call.halfClose();
        }
        return call;
      },
      onRoom: (listener) => this.#memory.onRoom(listener),
      onChanged: this.#onChanged,
    });
    this.#byEpoch.set(journal.epoch, recording);
    // What goes on after a cursor is not what others ask for who name none.
    if (rule.sharing !== 'none' && resume === undefined) this.#shared.set(key, recording);
    return recording;
  }

  readonly #onChanged = (recording: Recording): void => {
    if (this.#shared.get(recording.key) === recording) this.#shared.delete(recording.key);
    this.#detached.onChanged(recording);
    if (recording.state !== 'dropped') return;
    this.#byEpoch.delete(recording.journal.epoch);
    const name = this.#idempotencyOf.get(recording);
    this.#idempotencyOf.delete(recording);
    if (name !== undefined && this.#byIdempotency.get(name) === recording) this.#byIdempotency.delete(name);
  };
}

/** A call that is recorded, as it is asked for. */
type AskedCall = CallRequest & RecordingWish;

function keyOf({ method, principal, metadata }: AskedCall, messages: readonly Uint8Array[]): string {
  return recordingKey({ method, rule: method.recording as RecordingRule, principal, metadata, messages });
}

/** Principals are longer than anybody needs to keep twice. */
function nameOf(principal: string, idempotencyKey: string): string {
  return createHash('sha256')
    .update(`${Buffer.byteLength(principal)}:${principal}${idempotencyKey}`)
    .digest('base64url');
}

/** The client has read all of a call that broke off, and comes back for what did not come: that is not there. */
function isBroken({ journal }: Recording, resume: ResumePoint | undefined): boolean {
  const last = resume?.last;
  return (
    journal.ended !== undefined &&
    isRetryable(journal.ended.code) &&
    last?.kind === 'recorded' &&
    last.seq === journal.lastSeq
  );
}

/** Where the one begins who opens a recording. */
function begun(resume: ResumePoint | undefined): Beginning {
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
