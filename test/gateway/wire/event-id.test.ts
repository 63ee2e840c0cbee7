import fc from 'fast-check';
import t from 'tap';
import {
  cursorFromId,
  endId,
  idFromCursor,
  MAX_EVENT_ID_LENGTH,
  parseLastEventId,
} from '../../../gateway/wire/index.js';

t.test('any cursor comes back from its id, and the id can travel in a header', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (cursor) => {
      const id = idFromCursor(cursor);
      const parsed = parseLastEventId(id);
      return (
        /^[!-~][ -~]*$/.test(id) && id.trim() === id && parsed.kind === 'cursor' && parsed.cursor === cursor
      );
    }),
  );
  t.equal(idFromCursor('41'), '41', 'a plain cursor is its own id');
  t.equal(idFromCursor('~end'), '~=~end', 'a cursor cannot pass for one of ours');
});

t.test('the end is told from a cursor', async (t) => {
  t.equal(endId(undefined), '~end');
  t.equal(endId('41'), '~end:41');
  t.same(parseLastEventId('~end'), { kind: 'ended' });
  t.same(parseLastEventId('~end:41'), { kind: 'ended' });
  t.same(parseLastEventId(''), { kind: 'none' });
  t.same(parseLastEventId(undefined), { kind: 'none' });
  for (const id of ['~other', '~', '~=%zz', '~NOW', '~now '])
    t.same(parseLastEventId(id), { kind: 'invalid', problem: 'not an id of this stream' }, id);
});

t.test('the ids of recordings are told from cursors', async (t) => {
  t.same(parseLastEventId('~earliest'), { kind: 'earliest' });
  t.same(parseLastEventId('~now'), { kind: 'now' });
  const epoch = 'Ab-_0123';
  t.same(parseLastEventId(`~${epoch}.0`), { kind: 'recorded', epoch, seq: 0 });
  t.same(parseLastEventId(`~${epoch}.41`), { kind: 'recorded', epoch, seq: 41 });
  t.same(parseLastEventId(`~${epoch}.999999999999999`), {
    kind: 'recorded',
    epoch,
    seq: 999_999_999_999_999,
  });
  for (const rest of ['', '.', '.-1', '.01', '.1.2', '.1e3', '.0x1', '. 1', '.9999999999999999'])
    t.equal(parseLastEventId(`~${epoch}${rest}`).kind, 'invalid', rest);
  t.equal(parseLastEventId('~short.1').kind, 'invalid', 'an epoch cannot be guessed');
  t.equal(parseLastEventId(`~${'e'.repeat(65)}.1`).kind, 'invalid');
});

t.test('what cannot be an id is refused, whatever it begins with', async (t) => {
  for (const id of ['a\nb', '\u0000', '~end\r', '~=\u007f', 'a\tb'])
    t.same(parseLastEventId(id), { kind: 'invalid', problem: 'has a control character' });
  const longest = 'x'.repeat(MAX_EVENT_ID_LENGTH);
  t.equal(parseLastEventId(longest).kind, 'cursor');
  for (const id of [`${longest}x`, `~end${longest}`])
    t.same(parseLastEventId(id), { kind: 'invalid', problem: 'longer than 4096 characters' });
});

t.test('a cursor comes back from its id also where that is not checked', async (t) => {
  for (const cursor of ['41', '~now', 'a\nb', ' x', '\u00e9'])
    t.equal(cursorFromId(idFromCursor(cursor)), cursor);
  t.equal(cursorFromId('~abcdefgh.1'), '~abcdefgh.1');
});
