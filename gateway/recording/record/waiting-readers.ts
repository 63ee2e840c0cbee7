import type { Taker } from '../../upstream/index.js';
import type { Journal, JournalBatch, JournalCursor } from './journal.js';
import { LevelGroup, type LevelMember, type LevelReader } from './level-group.js';
import type { RecordingReader } from './recording-reader.js';

/**
 * The readers of a recording that wait for more. Those who have all of it, and take what others take, are groups: for each message one of a group reads it, and what
 * that one has sent goes to the others as it is. So a thousand readers are a thousand writes, and nothing else of them is touched. One that has no room
 * leaves its group, and reads on by itself when it has.
 */
export class WaitingReaders {
  /** Who is to be woken. */
  #alone: RecordingReader[] = [];
  readonly #journal: Journal;
  readonly #cursor: JournalCursor;
  /** One for each form, of which there are few. */
  readonly #groups: LevelGroup[] = [];
  /** Those who joined while messages were given: they have them. */
  #late: LevelMember[] = [];
  #isGiving = false;

  constructor(journal: Journal) {
    this.#journal = journal;
    this.#cursor = journal.openCursor();
  }

  /** `reader.wake` is called when there is more, or the end. */
  wait(reader: RecordingReader): void {
    this.#alone.push(reader);
  }

  /** It is not to be woken any more. */
  leave(reader: RecordingReader): void {
    const at = this.#alone.indexOf(reader);
    if (at >= 0) this.#alone.splice(at, 1);
  }

  /** A reader has everything, and is given what comes from now on, until `readOn` is called. */
  join(reader: LevelReader, taker: Taker): LevelMember {
    const { outlet, traffic } = taker;
    let group = this.#groups.find((one) => one.isOf(outlet, traffic));
    if (group === undefined) {
      group = new LevelGroup(outlet, traffic, this.#journal.lastSeq);
      this.#groups.push(group);
    }
    const member = group.memberOf(reader, taker);
    if (this.#isGiving) this.#late.push(member);
    else group.add(member, this.#journal.lastSeq);
    return member;
  }

  /** Messages have been written down. */
  give(): void {
    if (this.#groups.length > 0) this.#giveGroups();
    this.#wakeAlone();
  }

  /** There is an end: all read on by themselves. */
  wakeAll(): void {
    for (const group of this.#groups) group.disperse();
    this.#wakeAlone();
  }

  /** Nobody can read any more. */
  close(): void {
    this.#cursor.close();
    this.wakeAll();
  }

  #wakeAlone(): void {
    if (this.#alone.length === 0) return;
    const alone = this.#alone;
    this.#alone = [];
    for (const reader of alone) reader.wake();
  }

  #giveGroups(): void {
    this.#isGiving = true;
    // One that comes meanwhile has everything.
    for (const group of [...this.#groups]) {
      let batch = group.size === 0 ? undefined : this.#next(group);
      for (; batch !== undefined; batch = this.#next(group)) {
        group.give(batch);
        batch.release();
      }
    }
    this.#isGiving = false;
    const late = this.#late;
    this.#late = [];
    for (const member of late) member.group.add(member, this.#journal.lastSeq);
  }

  /** What a group has not been given; `undefined`: nothing, or it was evicted, which each tells its client itself. */
  #next(group: LevelGroup): JournalBatch | undefined {
    if (group.size === 0 || group.after >= this.#journal.lastSeq) return undefined;
    const batch = this.#cursor.read(group.after);
    if (batch !== undefined && !(batch instanceof Promise) && batch.firstSeq === group.after + 1)
      return batch;
    group.disperse();
    return undefined;
  }
}
