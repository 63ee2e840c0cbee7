import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { ByteWriter } from '../../../gateway/codec/index.js';
import { Memory, type Piece } from '../../../gateway/memory/index.js';

const PAGE = 4_096;
const MIB = 1024 * 1024;

function residentBytes(): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
}

t.test('pieces are whole pages, lie apart, and are used again once they are released', async (t) => {
  const memory = new Memory();
  const [a, b] = [memory.take(1), memory.take(PAGE + 1)];
  t.equal(a.buffer.length, PAGE);
  t.equal(b.buffer.length, 2 * PAGE);
  t.equal(memory.takenBytes, 3 * PAGE);
  a.buffer.fill('a');
  b.buffer.fill('b');
  t.ok(a.buffer.every((byte) => byte === 0x61));
  a.release();
  t.equal(a.buffer.length, 0, 'what was released cannot be looked at through its piece');
  const c = memory.take(PAGE);
  t.equal(c.buffer.toString('latin1', 0, 1), 'a', 'the lowest that is free');
  t.equal(memory.touchedBytes, 3 * PAGE);
  c.release();
  b.release();
  b.release();
  t.equal(memory.takenBytes, 0, 'a second release does nothing');
});

t.test(
  'a piece grows where it lies if what follows is free, and gives up what it does not need',
  async (t) => {
    const memory = new Memory();
    const piece = memory.take(PAGE);
    piece.buffer.write('begin');
    t.ok(piece.extend(10 * PAGE));
    t.equal(piece.buffer.length, 10 * PAGE);
    t.equal(piece.buffer.toString('latin1', 0, 5), 'begin');
    piece.trim(PAGE + 5);
    t.equal(piece.buffer.length, PAGE + 5);
    t.equal(memory.takenBytes, 2 * PAGE);
    const next = memory.take(PAGE);
    t.notOk(piece.extend(3 * PAGE), 'another lies behind it');
    t.equal(memory.takenBytes, 3 * PAGE);
    next.release();
    piece.release();
    t.equal(memory.takenBytes, 0);
  },
);

t.test('a piece may be larger than an arena', async (t) => {
  const memory = new Memory();
  const piece = memory.take(40 * MIB);
  t.equal(piece.buffer.length, 40 * MIB);
  piece.release();
  t.equal(memory.takenBytes, 0);
});

t.test('random pieces never overlap, and nothing is lost', async (t) => {
  const memory = new Memory();
  const held = new Map<Piece, number>();
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 48_271) % 0x7fffffff;
    return seed % below;
  };
  for (let n = 1; n <= 3_000; n += 1) {
    const action = random(4);
    const [first] = held.keys();
    const mark = n % 251;
    if (action < 2) {
      const piece = memory.take(1 + random(20 * PAGE));
      piece.buffer.fill(mark);
      held.set(piece, mark);
    } else if (first !== undefined) {
      const expected = held.get(first) ?? 0;
      if (!first.buffer.every((byte) => byte === expected)) t.fail('somebody wrote over a piece');
      held.delete(first);
      if (action === 2) first.release();
      else {
        const length = first.buffer.length;
        const grown = first.extend(length + random(3 * PAGE));
        first.buffer.fill(mark);
        if (!grown) first.trim(1 + random(length));
        held.set(first, mark);
      }
    }
    const pages = [...held.keys()].reduce((sum, { buffer }) => sum + Math.ceil(buffer.length / PAGE), 0);
    if (memory.takenBytes !== pages * PAGE) t.fail(`${memory.takenBytes} of ${pages * PAGE}`);
  }
  for (const piece of held.keys()) piece.release();
  t.equal(memory.takenBytes, 0);
});

t.test(
  'what nobody needs any more is given back to the operating system, and not by a collection',
  async (t) => {
    const memory = new Memory();
    const before = residentBytes();
    const pieces = Array.from({ length: 6_000 }, () => memory.take(4 * PAGE));
    for (const { buffer } of pieces) buffer.fill(1);
    t.ok(residentBytes() - before > 80 * MIB);
    for (const piece of pieces) piece.release();
    for (let n = 0; n < 200 && memory.touchedBytes > MIB; n += 1) await pause(100);
    t.ok(memory.touchedBytes <= MIB, 'a little is kept for the next');
    t.ok(residentBytes() - before < 30 * MIB);
    memory.take(PAGE).release();
  },
);

t.test('one piece that stays keeps its own arena and no other', async (t) => {
  const memory = new Memory();
  const pieces = Array.from({ length: 6_000 }, () => memory.take(4 * PAGE));
  const [stays, ...leave] = pieces;
  for (const piece of leave) piece.release();
  for (let n = 0; n < 200 && memory.touchedBytes > 35 * MIB; n += 1) await pause(100);
  t.ok(memory.touchedBytes <= 35 * MIB);
  stays?.release();
  t.equal(memory.takenBytes, 0);
});

t.test('what a writer does between large texts keeps no arena', async (t) => {
  const memory = new Memory();
  const out = new ByteWriter(0, memory);
  const crowd = Array.from({ length: 6_000 }, () => memory.take(4 * PAGE));
  for (const size of [1, 5_000, 40_000, 1]) {
    out.text('x'.repeat(size));
    out.handTo(
      (bytes, onLeft) => {
        t.equal(bytes.length, size);
        onLeft();
      },
      () => undefined,
    );
  }
  out.text('not sent yet');
  for (const piece of crowd) piece.release();
  for (let n = 0; n < 200 && memory.touchedBytes > MIB; n += 1) await pause(100);
  t.ok(memory.touchedBytes <= MIB);
  t.equal(out.take().toString(), 'not sent yet');
});

t.test('a writer lends what was written, exactly, and large texts leave no slack', async (t) => {
  const memory = new Memory();
  const out = new ByteWriter(0, memory);
  out.text('x'.repeat(100_000));
  const piece = out.lend();
  t.equal(piece.buffer.length, 100_000);
  t.equal(memory.takenBytes, 25 * PAGE);
  out.text('y');
  t.equal(piece.buffer.toString('latin1', 99_999), 'x', 'the next text lies elsewhere');
  t.same(out.take(), Buffer.from('y'));
  piece.release();
  t.equal(memory.takenBytes, 0, 'the writer itself keeps nothing');
  t.throws(() => out.lend(), TypeError, 'nothing was written');
  out.bytes(Buffer.alloc(50_000, 'z'));
  t.equal(out.take().toString('latin1'), 'z'.repeat(50_000));
  t.equal(memory.takenBytes, 0);
  out.text('a');
  out.clear();
  t.equal(out.length, 0);
});

t.test('little is copied, much is lent until it has left', async (t) => {
  const memory = new Memory();
  const out = new ByteWriter(0, memory);
  let left = 0;
  const sent: (() => void)[] = [];
  const write = (bytes: Buffer, onLeft: () => void) => {
    sent.push(onLeft);
    return bytes.length;
  };
  out.text('little');
  t.equal(
    out.handTo(write, () => {
      left += 1;
    }),
    6,
  );
  t.equal(memory.takenBytes, 0, 'a copy of its own');
  out.text('much'.repeat(1_000));
  t.equal(
    out.handTo(write, () => {
      left += 1;
    }),
    4_000,
  );
  t.equal(memory.takenBytes, PAGE, 'lent');
  for (const onLeft of sent) onLeft();
  t.equal(left, 2);
  t.equal(memory.takenBytes, 0);
});
