import t from 'tap';
import { newRequestId } from '../../../gateway/server/request-id.js';

t.test('a request id is a random UUID, and no two are the same', (t) => {
  const ids = Array.from({ length: 1_000 }, newRequestId);
  const wrong = ids.filter(
    (id) => !/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/.test(id),
  );
  t.same(wrong, []);
  t.equal(new Set(ids).size, ids.length);
  // Each digit that is not fixed takes every value.
  for (const place of [0, 7, 15, 35]) t.equal(new Set(ids.map((id) => id[place])).size, 16, `digit ${place}`);
  t.end();
});
