import { createHash, randomBytes } from 'node:crypto';
import type { Method, RecordingRule } from '../schema/index.js';
import { type Metadata, RpcError } from '../status/index.js';
import type { Call, CallOptions, SendBatch } from '../upstream/index.js';
import { DetachedCalls, type DetachLimits } from './detached-calls.js';
import type { EvictionCause } from './journal.js';
import { JournalMemory } from './journal-memory.js';
import { MemoryJournal } from './memory-journal.js';
import { type Beginning, Reader } from './reader.js';
import { afterCursor, beginningAt, type ReaderPoint } from './reader-point.js';
import { Recording } from './recording.js';
import { recordingKey, travellingMetadata } from './recording-key.js';

/** A call of a method with a rule, as a client asks for it. */
export interface RecordedRequest {
  readonly method: Method;
  readonly metadata: Metadata;
  /** Whose it is: never shown, and the same for nobody else. */
  readonly principal: string;
  readonly signal: CallOptions['signal'];
  /** When this client wants no more, in epoch milliseconds. The call has deadlines of its own. */
  readonly deadline?: number | undefined;
  /** Where it goes on; `undefined`: where the rule says. */
  readonly point?: ReaderPoint | undefined;
  /** The call is to go on without its client. */
  readonly detach?: boolean | undefined;
  /** Two requests with the same one are one request. */
  readonly idempotencyKey?: string | undefined;
}

/** What recordings need, and whom they tell. */
export interface RecordingsOptions extends DetachLimits {
  /** Opens a call to the service; `cursor`: which goes on after that. */
  readonly openCall: (method: Method, options: CallOptions, cursor: string | undefined) => Call;
  /** Of all journals together. */
  readonly journalBytes: number;
  /** How long a service waits for the slowest reader, in milliseconds. */
  readonly maxPauseMs: number;
  readonly onEvicted?: ((method: Method, messages: number, cause: EvictionCause) => void) | undefined;
}

const NEVER = { aborted: false, reason: undefined, addEventListener() {}, removeEventListener() {} } as const;

/** Every recording of a gateway: finds the one that a request is for, or opens one. Whoever makes it closes it. */
export class Recordings {
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

  /** A client's part in a recording: the one that its request is for, once it is known, or a new one. Never throws. */
  open(request: RecordedRequest): Reader {
    const { method, signal, deadline } = request;
    const reader = new Reader({
      signal,
      deadline,
      attach: (reader, messages) => {
        try {
          this.#attach(reader, request, messages);
        } catch (reason) {
          reader.fail(RpcError.from(reason));
        }
      },
    });
    if (method.requestStream) {
      try {
        const key = keyOf(request, [randomBytes(16)]);
        this.#follow(reader, request, this.#begin(request, key, undefined, undefined), { after: 0 }, true);
      } catch (reason) {
        reader.fail(RpcError.from(reason));
      }
    }
    return reader;
  }

  /** A client's part in the recording at a location. It sends nothing. Throws NOT_FOUND. */
  join(location: string, request: Omit<RecordedRequest, 'method'>): Reader {
    const recording = this.find(location, request.principal);
    const { signal, deadline, point } = request;
    const reader = new Reader({ signal, deadline, attach: () => {} });
    recording.evictAged();
    try {
      reader.follow(recording, beginningAt(recording, point), false);
    } catch (reason) {
      reader.fail(RpcError.from(reason));
    }
    return reader;
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

  #attach(reader: Reader, request: RecordedRequest, messages: readonly Uint8Array[]): void {
    const { method, point, idempotencyKey, principal } = request;
    const rule = method.recording as RecordingRule;
    const key = keyOf(request, messages);
    const known =
      idempotencyKey === undefined ? undefined : this.#byIdempotency.get(nameOf(principal, idempotencyKey));
    if (known !== undefined && known.key !== key) {
      throw new RpcError('IDEMPOTENCY_CONFLICT', 'header idempotency-key: was used for another request');
    }
    const named = known ?? (point?.kind === 'recorded' ? this.#byEpoch.get(point.epoch) : undefined);
    // Another principal's, or that of another request, is as unknown as one that never was.
    const old = named?.key === key ? named : undefined;
    const running = old ?? (rule.sharing === 'none' ? undefined : this.#shared.get(key));
    if (running !== undefined) {
      running.evictAged();
      const cursor = point?.kind === 'cursor' ? afterCursor(running, point.cursor) : undefined;
      if (point?.kind !== 'cursor' || cursor !== undefined) {
        this.#follow(reader, request, running, cursor ?? beginningAt(running, point), false);
        return;
      }
    }
    const cursor = point?.kind === 'cursor' ? point.cursor : undefined;
    const recording = this.#begin(request, key, messages, cursor);
    this.#follow(reader, request, recording, begun(recording, point), true);
  }

  #follow(
    reader: Reader,
    request: RecordedRequest,
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
  #begin(
    request: RecordedRequest,
    key: string,
    messages: SendBatch | undefined,
    cursor: string | undefined,
  ): Recording {
    const { method, principal, metadata } = request;
    const { openCall, maxPauseMs, onEvicted } = this.#options;
    const rule = method.recording as RecordingRule;
    let recording: Recording | undefined;
    const journal = new MemoryJournal(rule, this.#memory, {
      onEvicted: (messages, cause) => onEvicted?.(method, messages, cause),
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
        const call = openCall(
          method,
          { metadata: travellingMetadata(rule, metadata), signal: NEVER },
          cursor,
        );
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
    if (rule.sharing !== 'none' && cursor === undefined) this.#shared.set(key, recording);
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

function keyOf({ method, principal, metadata }: RecordedRequest, messages: readonly Uint8Array[]): string {
  return recordingKey({ method, rule: method.recording as RecordingRule, principal, metadata, messages });
}

/** Principals are longer than anybody needs to keep twice. */
function nameOf(principal: string, idempotencyKey: string): string {
  return createHash('sha256')
    .update(`${Buffer.byteLength(principal)}:${principal}${idempotencyKey}`)
    .digest('base64url');
}

/** Where the one begins who opens a recording. */
function begun({ journal }: Recording, point: ReaderPoint | undefined): Beginning {
  switch (point?.kind) {
    // What the client has seen was of a call that is not here any more.
    case 'recorded':
      return { after: 0, requested: `~${point.epoch}.${point.seq}` };
    case 'cursor':
      return { after: 0, lastEventId: point.id };
    default:
      return { after: 0, lastEventId: `~${journal.epoch}.0` };
  }
}
