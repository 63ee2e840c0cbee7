import t from 'tap';
import { Following } from '../../../../gateway/bridge/following.js';
import { Progress } from '../../../../gateway/bridge/progress.js';
import type { ByteWriter } from '../../../../gateway/codec/index.js';
import type { Reader } from '../../../../gateway/recording/record/reader.js';
import type { Method } from '../../../../gateway/schema/index.js';
import { SealedOutlet, scratch, sendBatch } from '../../../../gateway/surfaces/message/index.js';
import type { Batch, Waker } from '../../../../gateway/upstream/index.js';
import { pump } from '../../../support/pump.js';
import { type FakeCall, fakeMethods, fakeRecordings, numbered, numberOf, settled } from './fake-service.js';

// Readers that have everything are given what one of them has sent, and are told of it when somebody looks.

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const SCHEDULES = 40;
const STEPS = 120;
const RULE = { sharing: 'everyone', start: 'beginning', lingerMs: 60_000 } as const;
/** Where all of a surface are counted. */
const traffic = { up: 0, down: 0 };

/** A client that takes a message as a line with its number and id, and says when there is room. */
class Client {
  readonly reader: Reader;
  readonly progress = new Progress();
  readonly outlet: SealedOutlet;
  readonly sealing = 'line';
  readonly over: Promise<unknown>;
  closed = false;
  text = '';
  /** How many batches it has read itself, and how many waits for room were bounded. */
  reads = 0;
  bounded = 0;
  hasRoom: () => boolean = () => true;
  failure: Error | undefined;
  #makeRoom: (() => void) | undefined;
  readonly #framing;

  constructor(reader: Reader, frame: object) {
    this.reader = reader;
    this.#framing = { frame, codec: frame, lastId: undefined as string | undefined };
    this.outlet = new SealedOutlet(this.#framing, this);
    const stall = {
      forRoom: (room: Promise<void>) => {
        this.bounded += 1;
        return room;
      },
    };
    const following = new Following(this.outlet, traffic, this.progress, stall as never);
    this.progress.call = reader;
    const moved = pump<Batch>(
      (waker: Waker) => reader.next(waker, following),
      (batch) => sendBatch(batch, this, this.#encode(batch), { framing: this.#framing }),
      (batch) => {
        this.reads += 1;
        this.progress.sent += batch.count;
        this.progress.sentBytes += batch.byteLength;
        traffic.down += batch.byteLength;
      },
    );
    this.over = Promise.resolve(moved);
  }

  get lastId(): string | undefined {
    return this.#framing.lastId;
  }

  get numbers(): number[] {
    return this.text
      .split('\n')
      .slice(0, -1)
      .map((line) => Number(line.split(' ')[0]));
  }

  #encode(batch: Batch) {
    return (bytes: Buffer, start: number, end: number, index: number): void => {
      const id = batch.ids?.of(index);
      scratch.text(`${numberOf(bytes.subarray(start, end))} ${id}\n`);
      this.#framing.lastId = id ?? this.#framing.lastId;
    };
  }

  begin(): void {}

  send(out: ByteWriter): Promise<void> | undefined {
    return this.sendSealed(out.take());
  }

  seal(out: ByteWriter): Buffer {
    return out.take();
  }

  sendSealed(bytes: Buffer): Promise<void> | undefined {
    if (this.failure !== undefined) throw this.failure;
    this.text += bytes.toString();
    if (this.hasRoom()) return undefined;
    return new Promise((resolve) => {
      this.#makeRoom = resolve;
    });
  }

  takeAll(): void {
    this.#makeRoom?.();
    this.#makeRoom = undefined;
  }
}

async function openWatch(t: Parameters<typeof fakeMethods>[0], clients: number, given = {}) {
  const { open, calls, recordings } = fakeRecordings(given);
  const watch: Method = (await fakeMethods(t))('Watch', RULE);
  const join = (frame: object) => new Client(open(watch), frame);
  const frame = {};
  const all = Array.from({ length: clients }, () => join(frame));
  await settled();
  t.teardown(() => recordings.close());
  return { all, call: calls[0] as FakeCall, join, recordings };
}

t.test('of those who have everything one reads, and the others get what it has sent', async (t) => {
  const before = traffic.down;
  const { all, call } = await openWatch(t, 10);
  for (let number = 1; number <= 20; number += 1) {
    call.send(numbered(number));
    await settled();
  }
  for (const { numbers } of all)
    t.same(
      numbers,
      Array.from({ length: 20 }, (_, at) => at + 1),
    );
  t.equal(
    all.reduce((sum, { reads }) => sum + reads, 0),
    20,
    'one of ten reads each message',
  );
  const bytes = 20 * numbered(1).length;
  t.equal(traffic.down - before, 10 * bytes, 'the bytes of all are counted at once');
  for (const { progress, reader } of all) {
    t.equal(reader.position, 20);
    progress.settle();
    t.same([progress.sent, progress.sentBytes], [20, bytes], 'who looks sees all of it');
    progress.settle();
    t.equal(progress.sent, 20, 'nothing is counted twice');
  }
  call.end();
  await Promise.all(all.map(({ over }) => over));
  for (const { reader, lastId, progress } of all) {
    t.match(lastId, /^~.*\.20$/, 'what follows the end is known');
    t.equal(progress.sent, 20);
    t.equal((await reader.status).code, 0);
  }
});

t.test('one without room waits for it, bounded, reads on by itself, and nobody waits for it', async (t) => {
  const { all, call } = await openWatch(t, 4);
  const [slow, ...others] = all as [Client, ...Client[]];
  call.send(numbered(1));
  await settled();
  slow.hasRoom = () => false;
  for (let number = 2; number <= 50; number += 1) {
    call.send(numbered(number));
    await settled();
  }
  t.same(slow.numbers, [1, 2], 'not one more');
  t.equal(slow.bounded + slow.reads >= 1, true);
  t.equal(slow.reader.position, 2);
  for (const { numbers } of others) t.equal(numbers.length, 50);
  slow.hasRoom = () => true;
  slow.takeAll();
  await settled();
  t.same(slow.numbers, others[0]?.numbers, 'nothing is missing, and nothing twice');
  call.send(numbered(51));
  await settled();
  for (const { numbers } of all) t.equal(numbers.at(-1), 51);
});

t.test('a sink that fails ends its own exchange, one that leaves is given nothing more', async (t) => {
  const { all, call } = await openWatch(t, 5);
  const [bad, gone, ...others] = all as [Client, Client, ...Client[]];
  call.send(numbered(1));
  await settled();
  bad.failure = new Error('no socket');
  const failed = t.rejects(bad.over, { message: 'no socket' });
  gone.reader.cancel();
  for (let number = 2; number <= 6; number += 1) {
    call.send(numbered(number));
    await settled();
  }
  await failed;
  t.same(gone.numbers, [1]);
  t.equal(gone.progress.sent, 1);
  for (const { numbers } of others) t.same(numbers, [1, 2, 3, 4, 5, 6]);
});

t.test(`random schedules with takers: each gets every message once (SEED=${SEED})`, async (t) => {
  let state = SEED >>> 0 || 1;
  const random = (below: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  let given = 0;
  for (let schedule = 0; schedule < SCHEDULES; schedule += 1) {
    const before = traffic.down;
    const { all, call, join, recordings } = await openWatch(t, 1);
    const frames = [{}, {}];
    let left = 0;
    let sent = 0;
    let bytes = 0;
    for (let step = 0; step < STEPS; step += 1) {
      const at = random(all.length);
      const one = all[at] as Client;
      switch (random(6)) {
        case 0:
        case 1: {
          const messages = Array.from({ length: 1 + random(6) }, () =>
            numbered(++sent, 'x'.repeat(random(120))),
          );
          for (const { length } of messages) bytes += length;
          call.send(...messages);
          break;
        }
        case 2:
          if (all.length < 8) all.push(join(frames[random(2)] as object));
          break;
        case 3:
          one.hasRoom = () => random(3) > 0;
          break;
        case 4:
          one.takeAll();
          break;
        case 5:
          if (random(4) === 0 && all.length > 3) {
            one.progress.settle();
            left += one.progress.sentBytes;
            one.reader.cancel();
            all.splice(at, 1);
          } else one.progress.settle();
          break;
      }
      if (random(2) === 0) await settled();
    }
    call.end();
    for (const one of all) one.hasRoom = () => true;
    for (let turn = 0; turn < 50; turn += 1) {
      for (const one of all) one.takeAll();
      await settled();
    }
    const wanted = Array.from({ length: sent }, (_, index) => index + 1);
    for (const { numbers, progress, reads } of all) {
      t.same(numbers, wanted, `schedule ${schedule}`);
      t.same([progress.sent, progress.sentBytes], [sent, bytes]);
      given += sent - reads;
    }
    t.equal(traffic.down - before, all.length * bytes + left, 'all bytes are counted, once');
    recordings.close();
    t.equal(recordings.bytes, 0);
  }
  t.ok(given > 1_000, `${given} messages were given`);
});
