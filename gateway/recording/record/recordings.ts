import { randomBytes } from 'node:crypto';
import type { Method } from '../../schema/index.js';
import { RpcError } from '../../status/index.js';
import type { Call } from '../../upstream/index.js';
import type { CallRequest, Recorder, RecordingWish } from '../call-request.js';
import type { HandedRequest, SharedCall, SharedRecord } from '../replica/index.js';
import { type Asked, type AskedCall, askedByOther, begun, keyOf, nameOf, ownerIn } from './asked-call.js';
import type { Beginning } from './beginning.js';
import { type CallState, callState } from './call-state.js';
import { DetachedCalls, readersOf } from './detached-calls.js';
import { drainRecordings } from './drain-recordings.js';
import { JournalMemory } from './journal-memory.js';
import { KnownRecordings } from './known-recordings.js';
import { newEpoch } from './memory-journal.js';
import { Reader } from './reader.js';
import { beginningAt, pointBehind } from './reader-point.js';
import type { Recording } from './recording.js';
import { versionOf } from './recording-key.js';
import { RecordingMaker } from './recording-maker.js';
import type { RecordingsOptions } from './recordings-options.js';
import { ReplicatedRecordings } from './replicated-recordings.js';

/** Every recording of a gateway: finds the one that a request is for, or opens one. Whoever makes it closes it. */
export class Recordings implements Recorder {
  readonly #options: RecordingsOptions;
  readonly #memory: JournalMemory;
  readonly #known = new KnownRecordings();
  readonly #maker: RecordingMaker;
  readonly #detached: DetachedCalls;
  readonly #replicated: ReplicatedRecordings | undefined;
  #isClosed = false;

  constructor(options: RecordingsOptions) {
    this.#options = options;
    this.#memory = new JournalMemory(options.journalBytes);
    this.#maker = new RecordingMaker({
      ...options,
      memory: this.#memory,
      known: this.#known,
      onChanged: (recording) => this.#onChanged(recording),
    });
    this.#detached = new DetachedCalls(options);
    this.#replicated =
      options.replicas &&
      new ReplicatedRecordings(options.replicas, {
        isHere: (epoch) => this.#known.byEpoch.has(epoch),
        follow: (epoch, record, method, asked) => this.#followElsewhere(epoch, record, method, asked),
        giveUp: (epoch) => {
          const recording = this.#known.byEpoch.get(epoch);
          if (recording?.readers === 0) recording.drop();
        },
        isAsked: (epoch, asked, name) => this.#isAsked(epoch, asked, name),
        isAt: (epoch, location) => {
          const recording = this.#known.byEpoch.get(epoch);
          if (recording !== undefined) this.#detached.adopt(recording, location);
        },
        isGone: (location, { readers, until }) =>
          this.#detached.forget(location, readers, performance.now() + until - Date.now()),
      });
  }

  /** How many there are, running or ended. */
  get size(): number {
    return this.#known.byEpoch.size;
  }

  /** How many clients follow one. */
  get readers(): number {
    return this.#known.readers;
  }

  /** What all journals hold, in bytes. */
  get bytes(): number {
    return this.#memory.bytes;
  }

  open(request: CallRequest, wish: RecordingWish): Reader {
    const { method, signal, deadline } = request;
    const asked = { ...request, ...wish, principal: ownerIn(this.#replicated, wish.principal) };
    const replicated = this.#replicated;
    const reader = new Reader({
      signal,
      deadline,
      onGap: this.#options.onGap,
      attach:
        method.requestStream || wish.location !== undefined
          ? undefined
          : (reader, messages) => void this.#find(replicated, reader, asked, messages),
      // Who follows a call of another gateway may have to ask for it again.
      attachAgain:
        replicated === undefined || wish.idempotencyKey !== undefined
          ? undefined
          : (reader, messages, { recording, seq }) => {
              const again = { ...asked, resume: pointBehind(recording, seq, asked.requestCodec) };
              void this.#find(replicated, reader, again, messages);
            },
    });
    if (wish.location !== undefined) void this.#joinAt(replicated, reader, asked, wish.location);
    else if (method.requestStream) {
      try {
        // No two of them are equal.
        const key = keyOf(asked, [randomBytes(16)]);
        this.#follow(reader, asked, this.#maker.begin(asked, key, undefined), { after: 0 }, true);
      } catch (reason) {
        reader.fail(RpcError.from(reason));
      }
    }
    return reader;
  }

  /** Without other gateways at once. */
  async #find(
    replicated: ReplicatedRecordings | undefined,
    reader: Reader,
    request: AskedCall,
    messages: readonly Uint8Array[],
  ): Promise<void> {
    try {
      const key = keyOf(request, messages);
      if (replicated === undefined) {
        this.#attach(reader, request, messages, key);
        return;
      }
      await replicated.inTurn(key, async () => {
        const found = () => this.#known.placeFor(request, key)?.recording.journal.epoch;
        const epoch = await replicated.epochFor({ request, messages }, key, found);
        this.#attach(reader, request, messages, key, epoch);
      });
    } catch (reason) {
      reader.fail(RpcError.from(reason));
    }
  }

  /** A request is for one that is here, perhaps. */
  #isAsked(epoch: string, asked: Asked, name: string | undefined): void {
    const recording = this.#known.byEpoch.get(epoch);
    if (recording === undefined) return;
    if (name !== undefined) this.#known.names.add(recording, name);
    if (recording.key === keyOf(asked.request, asked.messages)) this.#maker.knowRequest(recording, asked);
  }

  /** Makes a recording of another gateway readable here, as far as it has come. */
  #followElsewhere(
    epoch: string,
    record: SharedRecord,
    method: Method,
    asked: Asked | undefined,
  ): Promise<void> {
    const { key, owner, locations = [] } = record;
    let call: SharedCall | undefined;
    const recording: Recording = this.#maker.make(method, key, owner, epoch, (member) => {
      call = this.#options.replicas?.follow(member, record);
      return call as Call;
    });
    if (asked !== undefined) this.#maker.knowRequest(recording, asked);
    const idempotencyKey = asked?.request.idempotencyKey;
    if (idempotencyKey !== undefined) this.#known.names.add(recording, nameOf(owner, idempotencyKey));
    for (const location of locations) this.#detached.adopt(recording, location);
    return call?.caughtUp ?? Promise.resolve();
  }

  /** Finds what is at a location on another gateway. Rejects with UNAVAILABLE. */
  async bring(location: string, methodOf: (path: string) => Method | undefined): Promise<void> {
    if (this.#detached.has(location)) return;
    await this.#replicated?.bringLocation(location, ({ method: path, version }) => {
      const method = methodOf(path);
      return method !== undefined && versionOf(method) === version ? method : undefined;
    });
  }

  async #joinAt(
    replicated: ReplicatedRecordings | undefined,
    reader: Reader,
    { principal, resume, detach, token }: AskedCall,
    location: string,
  ): Promise<void> {
    try {
      if (replicated !== undefined) await replicated.reach(resume?.last);
      const recording = this.#detached.find(location, principal);
      if (principal === recording.principal) recording.tokens.offer(token);
      recording.evictAged();
      if (detach) this.#detached.add(recording, principal);
      reader.follow(recording, beginningAt(recording, resume), false);
    } catch (reason) {
      reader.fail(RpcError.from(reason));
    }
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
    return this.#detached.find(location, ownerIn(this.#replicated, principal));
  }

  /** Ends the call at a location. Throws NOT_FOUND, as `find` does, and for everybody but who opened it. */
  stop(location: string, principal: string): void {
    this.#detached.stop(location, ownerIn(this.#replicated, principal));
  }

  /** Whether a method is as another gateway has it. */
  isSame(method: Method | undefined, version: string): boolean {
    return method?.recording !== undefined && versionOf(method) === version;
  }

  /** A call of another gateway goes on without clients, and can be gone on with here, where its request is given. */
  adopt(
    epoch: string,
    record: SharedRecord,
    handed: HandedRequest | undefined,
    call: Pick<CallRequest, 'method' | 'requestCodec' | 'onHealed'>,
  ): void {
    const asked = handed && askedByOther(handed, record, call);
    const known = this.#known.byEpoch.get(epoch);
    if (known === undefined) void this.#followElsewhere(epoch, record, call.method, asked);
    else if (asked !== undefined) this.#maker.knowRequest(known, asked);
  }

  /** See `drainRecordings`. */
  leave(): Promise<void> {
    return drainRecordings(this.#known, this.#options.replicas, () => this.#isClosed);
  }

  /** Ends all calls and gives everything up. */
  close(): void {
    this.#isClosed = true;
    for (const recording of [...this.#known.byEpoch.values()]) recording.drop();
    this.#detached.close();
  }

  #attach(
    reader: Reader,
    request: AskedCall,
    messages: readonly Uint8Array[],
    key: string,
    epoch: string | undefined = newEpoch(),
  ): void {
    const found = this.#known.placeFor(request, key);
    if (found !== undefined) this.#follow(reader, request, found.recording, found.beginning, false);
    else {
      const recording = this.#maker.begin(request, key, messages, epoch);
      this.#follow(reader, request, recording, begun(request.resume), true);
    }
  }

  #follow(
    reader: Reader,
    request: AskedCall,
    recording: Recording,
    beginning: Beginning,
    isWriter: boolean,
  ): void {
    const { detach, principal, idempotencyKey, newLocation } = request;
    if (principal === recording.principal) recording.tokens.offer(request.token);
    // What is over needs a place for who asks for one, and not because of its rule.
    const isByRule = recording.rule.detach && recording.state === 'running';
    if (detach || isByRule || newLocation !== undefined) {
      try {
        this.#detached.add(recording, principal, newLocation);
      } catch (reason) {
        if (isWriter) recording.drop();
        throw reason;
      }
    }
    if (idempotencyKey !== undefined) this.#known.names.add(recording, nameOf(principal, idempotencyKey));
    const { location, journal } = recording;
    const place = location && (newLocation ?? location);
    const told = place === undefined ? undefined : this.#replicated?.locate(journal.epoch, place);
    const follow = () => reader.follow(recording, beginning, isWriter);
    if (told === undefined) follow();
    else told.then(follow, (reason: unknown) => reader.fail(RpcError.from(reason)));
  }

  #onChanged(recording: Recording): void {
    this.#known.onChanged(recording);
    this.#detached.onChanged(recording);
    const { state, journal, rule } = recording;
    const { replicas } = this.#options;
    if (state !== 'dropped') replicas?.ended(journal.epoch);
    else {
      const gone = { readers: readersOf(recording), until: Date.now() + rule.maxAgeMs };
      replicas?.dropped(journal.epoch, gone);
    }
  }
}
