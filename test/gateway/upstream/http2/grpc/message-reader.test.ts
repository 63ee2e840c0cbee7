import { setImmediate as turn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { memory } from '../../../../../gateway/memory/index.js';
import type { Batch } from '../../../../../gateway/upstream/index.js';
import { openReader } from './fake-stream.js';

const FRAME_HEAD_BYTES = 9;

/** A message as gRPC has it on the wire. */
function framed(message: Uint8Array, isCompressed = false): Buffer {
  const payload = isCompressed ? gzipSync(message) : Buffer.from(message);
  const prefix = Buffer.alloc(5);
  prefix[0] = Number(isCompressed);
  prefix.writeUInt32BE(payload.length, 1);
  return Buffer.concat([prefix, payload]);
}

/** Cut at places between 0 and 1. */
function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = places.map((place) => Math.floor(place * bytes.length)).sort((a, b) => a - b);
  return [0, ...ends].map((start, n) => bytes.subarray(start, ends[n] ?? bytes.length));
}

/** What a reader does between two reads of the socket. */
type Habit = 'takes' | 'holds' | 'is away' | 'takes a part';

/**
 * Plays reads of a socket, of frames of one stream, to a reader, and returns what it got. Before a frame lie so many bytes of other streams. The
 * memory of each read is used again for the next. `holds`: whether what comes is held, read by read.
 */
async function play(
  reads: readonly (readonly Buffer[])[],
  habits: readonly Habit[],
  maxMessageBytes: number,
  gaps: readonly number[] = [],
  holds: readonly boolean[] = [false],
) {
  const { reader, stream } = openReader(maxMessageBytes);
  reader.encoding = 'gzip';
  const perFrame = FRAME_HEAD_BYTES + Math.max(0, ...gaps);
  const socket = Buffer.alloc(
    reads.reduce(
      (most, frames) => Math.max(most, Buffer.concat(frames).length + perFrame * frames.length),
      0,
    ),
    0xff,
  );
  const got: string[] = [];
  const held: Batch[] = [];
  let pending: Promise<Batch | undefined> | undefined;
  const take = (batch: Batch, most = Number.POSITIVE_INFINITY) => {
    for (let count = 0; count < most && !batch.isTaken; count += 1) {
      got.push(Buffer.from(batch.message(batch.at)).toString('latin1'));
      batch.at += 1;
    }
  };
  /** Reads on as the habit has it; a batch that is held is taken before the next. */
  const act = async (habit: Habit) => {
    while (habit !== 'is away') {
      for (const batch of held.splice(0)) take(batch);
      pending ??= reader.read();
      const batch = await Promise.race([pending, Promise.resolve().then(() => turnless)]);
      if (batch === turnless || batch === undefined) return;
      pending = undefined;
      if (habit === 'takes') take(batch as Batch);
      else if (habit === 'takes a part') take(batch as Batch, 1);
      held.push(batch as Batch);
      if (habit !== 'takes') return;
    }
  };
  let received = 0;
  await act(habits[0] ?? 'takes');
  for (const [index, frames] of reads.entries()) {
    let at = 0;
    const places = frames.map((bytes, n) => {
      at += (gaps[(index + n) % gaps.length] ?? 0) + FRAME_HEAD_BYTES;
      bytes.copy(socket, at);
      at += bytes.length;
      received += bytes.length;
      return [at - bytes.length, at] as const;
    });
    const chunk = socket.subarray(0, at);
    const wasHeld = reader.isHeld;
    reader.isHeld = holds[index % holds.length] === true;
    if (wasHeld && !reader.isHeld) reader.deliver();
    for (const [start, end] of places) if (end > start) reader.push(chunk, start, end);
    reader.flush();
    // A batch that has just come is there as it was sent, without a copy, while the socket has not read on.
    await act(habits[index % habits.length] ?? 'takes');
    stream.turn();
    socket.fill(0xff);
  }
  const unread = received - stream.credited;
  reader.isHeld = false;
  reader.deliver();
  await act('takes');
  for (const batch of held) take(batch);
  return { got, reader, stream, received, unread };
}

const turnless = Symbol('nothing yet');

const message = fc.oneof(
  { weight: 6, arbitrary: fc.uint8Array({ maxLength: 3 }) },
  { weight: 6, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  { weight: 1, arbitrary: fc.nat(70_000).map((size) => new Uint8Array(size).fill(size)) },
);
const habit = fc.constantFrom<Habit>('takes', 'takes', 'holds', 'is away', 'takes a part');
// Not `fc.double`, of which nearly all are next to 0.
const place = fc.nat(10_000).map((parts) => parts / 10_000);
const places = fc.array(place, { maxLength: 12 });

t.test('any messages in any frames in any reads are the same messages, however they are read', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(message, fc.boolean()), { maxLength: 40 }),
      places,
      places,
      fc.array(habit, { minLength: 1, maxLength: 8 }),
      fc.array(fc.constantFrom(0, 0, 9, 40), { maxLength: 6 }),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
      async (messages, frameCuts, readCuts, habits, gaps, holds) => {
        const bytes = Buffer.concat(messages.map(([one, zips]) => framed(one, zips)));
        const frames = cutAt(bytes, frameCuts);
        const ends = readCuts.map((place) => Math.floor(place * frames.length)).sort((a, b) => a - b);
        const reads = [0, ...ends].map((start, n) => frames.slice(start, ends[n] ?? frames.length));
        const { got, reader, stream, received } = await play(reads, habits, 70_000, gaps, holds);
        const sent = messages.map(([one]) => Buffer.from(one).toString('latin1'));
        if (JSON.stringify(got) !== JSON.stringify(sent)) return false;
        reader.end();
        if (memory.takenBytes !== 0) return false;
        return stream.credited === received && !reader.isMidMessage && reader.isRead;
      },
    ),
    { numRuns: 500 },
  );
  t.pass();
});

t.test('whatever ends a call, and wherever, its memory is given up', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(message, fc.boolean()), { minLength: 1, maxLength: 40 }),
      places,
      places,
      fc.array(habit, { minLength: 1, maxLength: 8 }),
      place,
      async (messages, frameCuts, readCuts, habits, until) => {
        const bytes = Buffer.concat(messages.map(([one, zips]) => framed(one, zips)));
        const { reader, stream } = openReader(70_000);
        reader.encoding = 'gzip';
        let given: Batch | undefined;
        let pending: Promise<void> | undefined;
        const read = async () => {
          given = (await reader.read()) ?? given;
          pending = undefined;
        };
        const frames = cutAt(bytes.subarray(0, Math.ceil(until * bytes.length)), [...frameCuts, ...readCuts]);
        for (const [index, frame] of frames.entries()) {
          const habit = habits[index % habits.length];
          if (habit !== 'is away') pending ??= read();
          const socket = Buffer.from(frame);
          reader.isHeld = index % 3 === 1;
          if (socket.length > 0) reader.push(socket, 0, socket.length);
          reader.flush();
          await turn();
          if (habit === 'takes' && given !== undefined) given.at = given.limit;
          stream.turn();
          socket.fill(0xff);
        }
        reader.drop();
        await pending;
        given?.release();
        return memory.takenBytes === 0 && given?.isTaken !== false;
      },
    ),
    { numRuns: 500 },
  );
  t.pass();
});

t.test('every single cut, and every byte alone', async (t) => {
  const messages = ['', 'a', 'bc', '', 'def'];
  const bytes = Buffer.concat(messages.map((text) => framed(Buffer.from(text))));
  for (const habits of [['takes'], ['is away'], ['holds']] as const) {
    for (let cut = 0; cut <= bytes.length; cut++) {
      const frames = [bytes.subarray(0, cut), bytes.subarray(cut)];
      t.same((await play([frames], habits, 10)).got, messages, `frames cut at ${cut}, ${habits}`);
      t.same(
        (
          await play(
            frames.map((one) => [one]),
            habits,
            10,
          )
        ).got,
        messages,
        `reads cut at ${cut}, ${habits}`,
      );
    }
    const alone = [...bytes.keys()].map((at) => bytes.subarray(at, at + 1));
    t.same((await play([alone], habits, 10)).got, messages);
    t.same(
      (
        await play(
          alone.map((one) => [one]),
          habits,
          10,
        )
      ).got,
      messages,
    );
  }
});

t.test('messages of many frames of one read are one batch, where the socket has read them', async (t) => {
  const { reader, stream } = openReader(100);
  const read = reader.read();
  const chunk = Buffer.concat(
    Array.from({ length: 50 }, (_, n) => [Buffer.alloc(9), framed(Buffer.from(`message ${n}`))]).flat(),
  );
  let at = 0;
  for (let n = 0; n < 50; n += 1) {
    const length = 5 + `message ${n}`.length;
    reader.push(chunk, at + 9, at + 9 + length);
    at += 9 + length;
  }
  reader.flush();
  const batch = (await read) as Batch;
  t.equal(batch.count, 50);
  t.equal(batch.bytes.buffer, chunk.buffer, 'not copied');
  t.equal(batch.bytes.byteOffset, chunk.byteOffset);
  t.equal(batch.isBorrowed, true);
  t.equal(stream.credited, 0, 'it counts while it is not taken');
  batch.at = 48;
  stream.turn();
  t.not(batch.bytes.buffer, chunk.buffer, 'copied once, before the socket reads on');
  t.equal(batch.bytes.length, 'message 48message 49'.length, 'only what is not taken');
  chunk.fill(0xff);
  t.same(Array.from(batch, String), ['message 48', 'message 49']);
  batch.release();
  t.equal(stream.credited, chunk.length - 50 * 9);
});

t.test(
  'a message that a frame cuts costs no batch of its own; one that a read cuts is put together once',
  async (t) => {
    const { reader, stream } = openReader(100);
    const one = framed(Buffer.from('one'));
    const two = framed(Buffer.from('two'));
    const chunk = Buffer.concat([
      one,
      two.subarray(0, 6),
      Buffer.alloc(9),
      two.subarray(6),
      one.subarray(0, 7),
    ]);
    const read = reader.read();
    reader.push(chunk, 0, 14);
    reader.push(chunk, 23, chunk.length);
    reader.flush();
    const batch = (await read) as Batch;
    t.equal(batch.bytes.buffer, chunk.buffer);
    t.same(Array.from(batch, String), ['one', 'two']);
    const next = reader.read();
    const rest = Buffer.concat([one.subarray(7), two]);
    reader.push(rest, 0, rest.length);
    reader.flush();
    const lone = (await next) as Batch;
    t.equal(lone.bytes.buffer.byteLength, 3, 'memory of its own');
    t.same(Array.from(lone, String), ['one']);
    t.same(Array.from((await reader.read()) as Batch, String), ['two']);
    stream.turn();
  },
);

t.test('a message is put together only while it is waited for', async (t) => {
  const { reader, stream } = openReader(10_000_000);
  const large = framed(Buffer.alloc(5_000_000, 7));
  const before = process.memoryUsage().arrayBuffers;
  for (let at = 0; at < 64_000; at += 16_000) {
    reader.push(large, at, at + 16_000);
    reader.flush();
    stream.turn();
  }
  t.equal(stream.credited, 0, 'no credit beyond the window');
  t.ok(process.memoryUsage().arrayBuffers - before < 100_000, 'nor memory beyond what came');
  const read = reader.read();
  t.equal(stream.credited, 64_000, 'now the service may send on');
  for (let at = 64_000; at < large.length; at += 16_000) {
    reader.push(large, at, Math.min(large.length, at + 16_000));
    reader.flush();
  }
  t.equal(stream.credited, large.length);
  const batch = await read;
  t.equal(batch?.byteLength, 5_000_000);
  batch?.release();
  t.equal(memory.takenBytes, 0, 'its memory is given up without a collection');
});

t.test('thousands of small frames for a reader that is away are a few pieces of memory', async (t) => {
  const { reader } = openReader(100);
  const frame = framed(Buffer.alloc(40, 7));
  for (let n = 0; n < 5_000; n++) {
    reader.push(frame, 0, frame.length);
    reader.flush();
  }
  const held = memory.takenBytes;
  let count = 0;
  while (!reader.isRead) {
    const batch = (await reader.read()) as Batch;
    for (const one of batch) count += Number(one.length === 40 && one.every((byte) => byte === 7));
  }
  t.equal(count, 5_000);
  t.ok(held >= 5_000 * 45 && held < 5_000 * 45 + 32 * 1024, `${held} bytes together`);
  await Promise.race([reader.read(), turn()]);
  t.equal(memory.takenBytes, 0, 'given up with the last batch');
});

t.test('empty messages by the thousand are batches of a bounded number', async (t) => {
  const { reader } = openReader(100);
  const frame = Buffer.alloc(60_000);
  reader.push(frame, 0, frame.length);
  let count = 0;
  while (!reader.isRead) {
    const batch = (await reader.read()) as Batch;
    t.ok(batch.count <= 2_048, `${batch.count}`);
    count += batch.count;
  }
  t.equal(count, 12_000);
});

t.test('a length is checked before anything is put together, an unknown flag is refused', async (t) => {
  for (const [bytes, problem] of [
    [[0, 0xff, 0xff, 0xff, 0xff], /4294967295 bytes/],
    [[0, 0, 0, 0, 101], /101 bytes, the limit is 100/],
    [[3, 0, 0, 0, 0], /unknown flag 3/],
  ] as const) {
    for (const isAwaited of [true, false]) {
      const { reader } = openReader(100);
      const read = isAwaited ? reader.read() : undefined;
      const good = Buffer.concat([framed(Buffer.from('good')), Buffer.from(bytes)]);
      reader.push(good, 0, good.length);
      reader.flush();
      t.same(Array.from((await (read ?? reader.read())) as Batch, String), ['good']);
      if (!isAwaited) void reader.read();
      await turn();
      t.match(reader.fault?.message, problem);
    }
  }
});

t.test(
  'a message that goes on behind a frame of another stream waits while the one before it is read',
  async (t) => {
    const { reader } = openReader(1_000);
    const texts = ['one', 'x'.repeat(50), 'three'];
    const bytes = Buffer.concat(texts.map((text) => framed(Buffer.from(text))));
    const push = (start: number, end: number, at: number) => {
      const read = Buffer.alloc(200);
      bytes.copy(read, at, start, end);
      reader.push(read, at, at + end - start);
    };
    const first = reader.read();
    // One read of the socket: between the two there is more than the head of a frame.
    push(0, 15, 9);
    push(15, 25, 60);
    reader.flush();
    const got = async (batch: Promise<Batch | undefined>) =>
      [...((await batch) ?? [])].map((message) => Buffer.from(message).toString());
    t.same(await got(first), ['one']);
    // Nobody waits now.
    push(25, bytes.length, 9);
    reader.flush();
    t.same(await got(reader.read()), texts.slice(1));
    t.equal(reader.fault, undefined);
  },
);
