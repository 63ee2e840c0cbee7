import t from 'tap';
import { memory } from '../../../../gateway/memory/index.js';
import type { Reader } from '../../../../gateway/recording/record/reader.js';
import type { Batch } from '../../../../gateway/upstream/index.js';
import {
  type FakeCall,
  fakeMethods,
  fakeRecordings,
  numbered,
  numberOf,
  seen,
  settled,
} from './fake-service.js';

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const SCHEDULES = 60;
const STEPS = 150;

function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** What one reader has seen, held against what it may see. */
class Seen {
  readonly reader: Reader;
  readonly #epoch: string;
  /** The number of the last message that it has, or knows that it does not get. */
  last: number;
  /** Those at its beginning, and those that came later. */
  gaps = 0;
  laterGaps = 0;
  isOver = false;
  isBroken: string | undefined;
  #held: Batch | undefined;
  #isReading = false;

  constructor(reader: Reader, epoch: string, last: number) {
    this.reader = reader;
    this.#epoch = epoch;
    this.last = last;
  }

  /** Asks for more; what was handed out before is taken later, or never. */
  ask(): void {
    if (this.#isReading || this.isOver || this.#held !== undefined) return;
    this.#isReading = true;
    void this.reader.read().then((batch) => {
      this.#isReading = false;
      if (this.isOver) batch?.release();
      else if (batch === undefined) this.isOver = true;
      else this.#take(batch);
    });
  }

  /** Leaves, and looks at nothing any more. */
  leave(): void {
    this.take();
    this.isOver = true;
    this.reader.cancel();
  }

  /** Takes what it holds. */
  take(): void {
    const batch = this.#held;
    this.#held = undefined;
    if (batch === undefined) return;
    for (; batch.at < batch.limit; batch.at += 1) {
      const number = numberOf(batch.message(batch.at));
      if (number !== this.last + 1) this.isBroken ??= `${number} after ${this.last}`;
      if (batch.ids?.of(batch.at) !== `~${this.#epoch}.${number}`)
        this.isBroken ??= `${batch.ids?.of(batch.at)}: ${number}`;
      this.last = number;
    }
  }

  #take(batch: Batch): void {
    const { gap } = batch;
    if (gap !== undefined) {
      this.gaps += 1;
      this.laterGaps += 1;
      if (gap.requested !== `~${this.#epoch}.${this.last}`)
        this.isBroken ??= `gap from ${gap.requested} at ${this.last}`;
      const resumed = Number(gap.resumed.split('.')[1]);
      if (resumed <= this.last) this.isBroken ??= `gap to ${gap.resumed} at ${this.last}`;
      this.last = resumed;
    }
    this.#held = batch;
  }
}

t.test(
  `random schedules: no reader sees a hole without a gap, or a message twice (SEED=${SEED})`,
  async (t) => {
    const method = await fakeMethods(t);
    const taken = memory.takenBytes;
    let gaps = 0;
    for (let schedule = 0; schedule < SCHEDULES; schedule += 1) {
      const random = randomFrom(SEED + schedule);
      const isPause = schedule % 3 === 0;
      const rule = {
        maxMessages: 1 + random(40),
        maxBytes: 200 + random(4_000),
        whenFull: isPause ? 'pause' : 'forget-oldest',
        sharing: 'everyone',
        start: 'beginning',
        lingerMs: 60_000,
      } as const;
      const { recordings, calls, open } = fakeRecordings({
        journalBytes: schedule % 4 === 0 ? 64 * 1024 : 1024 * 1024,
      });
      const watch = method('Watch', rule);
      const readers: Seen[] = [];
      const join = async (id?: { epoch: string; seq: number }) => {
        const reader = open(watch, id && { resume: seen(id.epoch, id.seq) });
        const start = await reader.start;
        const [, epoch = '', seq] = start?.lastEventId?.match(/^~(.*)\.(\d+)$/) ?? [];
        const opened = new Seen(reader, epoch, Number(seq));
        if (start?.gap !== undefined) opened.gaps += 1;
        if (id !== undefined && start?.gap === undefined) t.equal(opened.last, id.seq);
        readers.push(opened);
      };
      await join();
      const [call] = calls as [FakeCall];
      let sent = 0;
      for (let step = 0; step < STEPS; step += 1) {
        const who = readers[random(readers.length)] as Seen;
        switch (random(6)) {
          case 0:
          case 1: {
            const count = 1 + random(12);
            // What waits in the fake call is not bounded; a service would wait.
            if (!isPause || sent < 4_000)
              call.send(...Array.from({ length: count }, () => numbered(++sent, 'x'.repeat(random(90)))));
            break;
          }
          case 2:
            who.ask();
            break;
          case 3:
            who.take();
            break;
          case 4: {
            if (readers.length > 6) break;
            const epoch = who.reader.recording?.journal.epoch ?? '';
            await join(random(2) === 0 ? undefined : { epoch, seq: Math.min(who.last, who.reader.position) });
            break;
          }
          case 5:
            if (random(4) === 0 && readers.length > 2) {
              who.take();
              who.reader.cancel();
              readers.splice(readers.indexOf(who), 1);
            }
            break;
        }
        if (random(3) === 0) await settled();
      }
      call.end();
      const deadline = Date.now() + 10_000;
      while (readers.some(({ isOver }) => !isOver) && Date.now() < deadline) {
        for (const seen of readers) {
          seen.take();
          seen.ask();
        }
        await settled();
      }
      t.equal(calls.length, 1, 'one call');
      for (const seen of readers) {
        t.equal(seen.isBroken, undefined, `schedule ${schedule}`);
        t.equal(seen.last, sent, `schedule ${schedule} is read to its end`);
        t.equal((await seen.reader.status).code, 0);
        if (isPause) t.equal(seen.laterGaps, 0, 'the service waits for who reads');
        gaps += seen.gaps;
      }
      recordings.close();
      t.equal(recordings.bytes, 0);
    }
    t.ok(gaps > 50, `${gaps} gaps`);
    t.equal(memory.takenBytes, taken, 'all memory was given back');
  },
);
