import t, { type Test } from 'tap';
import { LineWriter } from '../../bin/line-writer.js';
import { stopClock } from '../support/clock.js';

/** A reader that takes so many bytes, and what it has got. */
function openReader(t: Test, room = Number.POSITIVE_INFINITY) {
  const clock = stopClock(t);
  const reader = { room, text: '', writes: 0, lost: 0, dropped: [] as number[], isGone: false };
  const lines = new LineWriter({
    write(bytes) {
      if (reader.isGone) throw Object.assign(new Error('broken pipe'), { code: 'EPIPE' });
      if (reader.room === 0) throw Object.assign(new Error('try again'), { code: 'EAGAIN' });
      const taken = Math.min(bytes.length, reader.room);
      reader.room -= taken;
      reader.writes += 1;
      reader.text += Buffer.from(bytes.subarray(0, taken)).toString();
      return taken;
    },
    onLost: () => {
      reader.lost += 1;
    },
    onDropped(dropped) {
      reader.dropped.push(dropped);
      lines.write(`dropped ${dropped}\n`);
    },
  });
  return { clock, reader, lines };
}

t.test('the first line after a silence is written at once, those behind it together', (t) => {
  const { clock, reader, lines } = openReader(t);
  lines.write('1\n');
  t.equal(reader.text, '1\n');
  for (let line = 2; line <= 50; line += 1) lines.write(`${line}\n`);
  t.equal(reader.text, '1\n');
  clock.pass(10);
  t.equal(reader.text, `${Array.from({ length: 50 }, (_, line) => line + 1).join('\n')}\n`);
  t.equal(reader.writes, 2);
  clock.pass(100);
  lines.write('51\n');
  t.match(reader.text, /\n51\n$/);
  t.end();
});

t.test('no more than a bound is gathered', (t) => {
  const { reader, lines } = openReader(t);
  const line = `${'x'.repeat(99)}\n`;
  for (let count = 0; count < 1_000; count += 1) lines.write(line);
  t.ok(reader.text.length > 100_000 - 17_000, `${reader.text.length} characters are written`);
  t.ok(reader.writes <= 8, `in ${reader.writes} writes`);
  t.end();
});

t.test('what is left is written at the end, and a reader that takes a part gets the rest in order', (t) => {
  const { clock, reader, lines } = openReader(t, 5);
  for (let line = 0; line < 10; line += 1) lines.write(`line ${line}\n`);
  t.equal(reader.text, 'line ');
  reader.room = 3;
  clock.pass(10);
  t.equal(reader.text, 'line 0\nl');
  reader.room = Number.POSITIVE_INFINITY;
  lines.close();
  t.equal(reader.text, Array.from({ length: 10 }, (_, line) => `line ${line}\n`).join(''));
  t.end();
});

t.test('lines that a slow reader does not take are bounded, and it is told how many it lost', (t) => {
  const { clock, reader, lines } = openReader(t, 0);
  const line = `${'x'.repeat(999)}\n`;
  const given = 5_000;
  for (let count = 0; count < given; count += 1) {
    lines.write(line);
    if (count % 100 === 0) clock.pass(10);
  }
  reader.room = Number.POSITIVE_INFINITY;
  clock.pass(30);
  const got = reader.text.split('\n').filter((text) => text.startsWith('x')).length;
  t.ok(got * 1_000 <= 1024 * 1024 + 16 * 1024, `${got} lines of 1 000 bytes waited`);
  t.same(reader.dropped, [given - got]);
  t.match(reader.text, new RegExp(`\ndropped ${given - got}\n$`));
  lines.write('after\n');
  lines.close();
  t.match(reader.text, /\nafter\n$/);
  t.end();
});

t.test('the end does not wait for ever for a reader that takes nothing', (t) => {
  const { reader, lines } = openReader(t, 0);
  lines.write('1\n');
  // The clock stands still; each look at it takes time all the same.
  const now = performance.now;
  let looks = 0;
  performance.now = () => {
    looks += 1;
    return now() + looks * 500;
  };
  lines.close();
  performance.now = now;
  t.ok(looks < 20);
  t.equal(reader.text, '');
  t.end();
});

t.test('a reader that is gone is told of once, and nothing is kept for it', (t) => {
  const { clock, reader, lines } = openReader(t);
  reader.isGone = true;
  lines.write('1\n');
  lines.write('2\n');
  clock.pass(100);
  lines.close();
  t.equal(reader.lost, 1);
  t.equal(reader.writes, 0);
  t.end();
});
