import fc from 'fast-check';
import t from 'tap';
import { endId, idFromCursor, parseLastEventId } from '../../../gateway/wire/index.js';

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
  t.same(parseLastEventId('~other'), { kind: 'invalid' });
  t.same(parseLastEventId('~=%zz'), { kind: 'invalid' });
});
