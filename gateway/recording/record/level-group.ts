import type { FormKey, FormWriter, SharedForm, Taker } from '../../upstream/index.js';
import type { JournalBatch } from './journal.js';

/** A reader, as those who are level know it. */
export interface LevelReader {
  /** It has everything up to the message of this number, and reads on by itself; where there is a `room`, when that has come. */
  readOn(after: number, room: Promise<void> | undefined): void;
}

/** Readers of one recording that are equally far and send the same bytes. What each was given is worked out when somebody asks. */
export class LevelGroup {
  /** The number of the last message that all of them have. */
  after: number;
  messages = 0;
  bytes = 0;
  lastId: string | undefined;
  /** When they were given something last. */
  at = 0;
  readonly #key: FormKey;
  readonly #traffic: Taker['traffic'];
  readonly #members: LevelMember[] = [];
  /** Theirs, in the same order: nothing else is looked at for a message. */
  readonly #sinks: FormWriter[] = [];

  constructor({ frame, codec, sealing }: FormKey, traffic: Taker['traffic'], after: number) {
    this.#key = { frame, codec, sealing };
    this.#traffic = traffic;
    this.after = after;
  }

  get size(): number {
    return this.#members.length;
  }

  isOf({ frame, codec, sealing }: FormKey, traffic: Taker['traffic']): boolean {
    const key = this.#key;
    return key.frame === frame && key.codec === codec && key.sealing === sealing && this.#traffic === traffic;
  }

  memberOf(reader: LevelReader, taker: Taker): LevelMember {
    return new LevelMember(this, reader, taker);
  }

  /** Takes a member that has everything up to there, as all others have, unless it has left already. */
  add(member: LevelMember, after: number): void {
    if (member.hasLeft) return;
    if (this.size === 0) this.after = after;
    member.listedAt = this.#members.length;
    member.begin();
    this.#members.push(member);
    this.#sinks.push(member.taker.outlet.sink);
  }

  remove({ listedAt }: LevelMember): void {
    if (listedAt < 0) return;
    const member = this.#members.pop() as LevelMember;
    const sink = this.#sinks.pop() as FormWriter;
    if (member.listedAt === listedAt) return;
    this.#members[listedAt] = member;
    this.#sinks[listedAt] = sink;
    member.listedAt = listedAt;
  }

  /** Gives messages that begin right behind what all have: as far as they were sent by one of them, who reads them where they were not. */
  give(batch: JournalBatch): void {
    const forms = batch.forms?.();
    for (let from = 0; from < batch.count && this.size > 0; ) {
      const form = forms?.find(this.#key, from);
      if (form === undefined || form.to > batch.count) {
        this.#members.at(-1)?.leave();
        return;
      }
      this.#send(form, batch);
      from = form.to;
    }
  }

  disperse(): void {
    for (const member of [...this.#members]) member.leave();
  }

  #send({ from, to, bytes, lastId }: SharedForm, batch: JournalBatch): void {
    let byteLength = batch.byteLength;
    if (to - from < batch.count) {
      byteLength = 0;
      for (let index = from; index < to; index += 1) byteLength += batch.endOf(index) - batch.startOf(index);
    }
    this.after = batch.firstSeq + to - 1;
    this.messages += to - from;
    this.bytes += byteLength;
    this.lastId = lastId ?? this.lastId;
    this.at = performance.now();
    const sinks = this.#sinks;
    this.#traffic.down += byteLength * sinks.length;
    for (let index = 0; index < sinks.length; ) {
      const room = sent(sinks[index] as FormWriter, bytes);
      if (room === undefined) index += 1;
      // Its place is taken by the last, which does not have it yet.
      else this.#members[index]?.leave(room);
    }
  }
}

/** What fails for one is the failure of that one alone. */
function sent(sink: FormWriter, bytes: Buffer): Promise<void> | undefined {
  try {
    return sink.sendSealed(bytes);
  } catch (reason) {
    return Promise.reject(reason);
  }
}

/** One of them. */
export class LevelMember {
  readonly group: LevelGroup;
  readonly taker: Taker;
  /** Its place among the others; -1 while it has none. */
  listedAt = -1;
  hasLeft = false;
  readonly #reader: LevelReader;
  /** What the group had been given when this one was told last. */
  #messages = 0;
  #bytes = 0;

  constructor(group: LevelGroup, reader: LevelReader, taker: Taker) {
    this.group = group;
    this.taker = taker;
    this.#reader = reader;
    taker.outlet.pending = this;
  }

  /** It is given what comes from now on. */
  begin(): void {
    this.#messages = this.group.messages;
    this.#bytes = this.group.bytes;
  }

  /** The number of the last message that it has; `undefined` before it has a place: its reader knows it. */
  get position(): number | undefined {
    return this.listedAt < 0 ? undefined : this.group.after;
  }

  /** Tells it what it was given. */
  settle(): void {
    if (this.listedAt < 0) return;
    const { messages, bytes, lastId, at } = this.group;
    if (messages === this.#messages) return;
    const { taker } = this;
    taker.given(messages - this.#messages, bytes - this.#bytes);
    taker.outlet.given(lastId, at);
    this.#messages = messages;
    this.#bytes = bytes;
  }

  /** It reads on by itself. */
  leave(room?: Promise<void>): void {
    const { after } = this.group;
    this.end();
    this.#reader.readOn(after, room && this.taker.bound(room));
  }

  /** It takes nothing more. */
  end(): void {
    if (this.hasLeft) return;
    this.settle();
    this.group.remove(this);
    this.listedAt = -1;
    this.hasLeft = true;
    this.taker.outlet.pending = undefined;
  }
}
