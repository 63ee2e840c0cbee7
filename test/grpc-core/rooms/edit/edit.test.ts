import { status } from '@grpc/grpc-js';
import t from 'tap';
import {
  MAX_DOCUMENT_BYTES,
  MAX_FORMATS,
  MAX_INSERT_LENGTH,
  MAX_REVISIONS_BEHIND,
} from '../../../../grpc-core/rooms/edit/index.js';
import type { RoomHandlers } from '../../../../grpc-core/rooms/index.js';
import type { DocumentUpdate } from '../../../../proto/types/streaming/DocumentUpdate.js';
import type { EditOperation__Output } from '../../../../proto/types/streaming/EditOperation.js';
import { Conversation } from '../conversation.js';
import { MemoryStore } from '../memory-store.js';
import { openRooms, stores } from '../subjects.js';
import { blank } from './editor.js';

type Fields = Partial<EditOperation__Output>;

function join(rooms: RoomHandlers, fields: Fields = {}): Conversation<EditOperation__Output, DocumentUpdate> {
  return new Conversation(rooms.handlers.CollaborativeEdit).send({ ...blank, ...fields });
}

function insert(position: number, content: string, fields: Fields = {}): EditOperation__Output {
  return { ...blank, operation_type: 'INSERT', position, content, ...fields };
}

function remove(position: number, length: number, fields: Fields = {}): EditOperation__Output {
  return { ...blank, operation_type: 'DELETE', position, length, ...fields };
}

const contents = (updates: readonly DocumentUpdate[]) => updates.map((update) => update.content);

for (const [name, openStore] of stores) {
  t.test(`documents on the ${name} store`, async (t) => {
    t.test('who joins gets the document, then every update once, the own ones too', async (t) => {
      const rooms = openRooms(t, await openStore(t), () => 1_700_000_000_000);
      const alice = join(rooms);
      t.match(await alice.next(), { document_id: 'doc', content: '', revision: 0, operation: null });
      alice.send(insert(0, 'hello'));
      t.match(await alice.next(), {
        content: 'hello',
        revision: 1,
        user_id: 'alice',
        active_users: ['alice'],
        timestamp: { seconds: 1_700_000_000 },
        operation: { operation_type: 'INSERT', position: 0, content: 'hello' },
      });
      const bob = join(rooms, { user_id: 'bob' });
      t.match(await bob.next(), {
        content: 'hello',
        revision: 1,
        operation: null,
        active_users: ['alice', 'bob'],
      });
      bob.send(insert(5, ' world', { user_id: 'bob' }));
      alice.send(remove(0, 1, { base_revision: 1 }));
      const seen = await alice.take(2);
      t.same(await bob.take(2), seen, 'both see the same updates in the same order');
      t.equal(seen[1]?.content, 'ello world');
      t.same(
        seen.map((update) => update.revision),
        [2, 3],
      );
      await bob.vanish();
      alice.send(insert(0, 'h'));
      t.match(await alice.next(), { content: 'hello world', active_users: ['alice'] });
      await alice.vanish();
    });

    t.test(
      'concurrent operations are transformed, and a delete spares what was inserted in it',
      async (t) => {
        const rooms = openRooms(t, await openStore(t));
        const alice = join(rooms).send(insert(0, 'hello world'));
        await alice.take(2);
        alice.send(
          insert(8, 'NEW', { base_revision: 1 }),
          remove(6, 5, { base_revision: 1, operation_id: 'd' }),
        );
        const updates = await alice.take(3);
        t.same(contents(updates), ['hello woNEWrld', 'hello NEWrld', 'hello NEW']);
        t.match(updates[1], {
          revision: 3,
          operation: { operation_type: 'DELETE', position: 6, length: 2, operation_id: 'd' },
        });
        t.match(updates[2], {
          revision: 4,
          operation: { operation_type: 'DELETE', position: 9, length: 3, operation_id: 'd' },
        });
        alice.send(remove(6, 5, { base_revision: 1 }));
        t.match(
          await alice.next(),
          { content: 'hello NEW', revision: 5, operation: { length: 0 } },
          'all of it was gone',
        );
        alice.send({ ...blank, operation_type: 'format', content: 'bold', position: 0, length: 5 });
        t.match(await alice.next(), { formats: [{ position: 0, length: 5, format: 'bold' }] });
        await alice.vanish();
      },
    );

    t.test('an operation sent again counts once, across streams and restarts', async (t) => {
      const store = await openStore(t);
      const before = openRooms(t, store);
      const first = insert(0, 'x', { operation_id: 'a', base_revision: 0 });
      const alice = join(before).send(first, first);
      alice.send(insert(1, 'y', { operation_id: 'b' })).halfClose();
      t.same(contents(await alice.rest()), ['', 'x', 'xy'], 'twice on one stream: one update');
      // Many more, so that the document has forgotten the id and only the index has it.
      const busy = join(before, { user_id: 'busy' });
      for (let n = 0; n < 450; n++) busy.send(insert(0, '.', { user_id: 'busy', operation_id: `n${n}` }));
      await busy.take(451);
      await busy.vanish();
      await before.close();

      const rooms = openRooms(t, store);
      const again = join(rooms).send(first);
      t.match(await again.next(), { revision: 452, operation: null });
      t.match(
        await again.next(),
        {
          revision: 452,
          content: `${'.'.repeat(450)}xy`,
          operation: { operation_id: 'a', length: undefined, content: undefined },
        },
        'it is told that the operation has been applied',
      );
      again.send(insert(0, 'B', { user_id: 'alice', operation_id: 'a2' })).halfClose();
      t.match(await again.rest(), [{ revision: 453 }]);
      const other = join(rooms, { user_id: 'bob' }).send(
        insert(0, 'z', { user_id: 'bob', operation_id: 'a' }),
      );
      t.match((await other.take(2))[1], { revision: 454 }, "another user's id is another id");
      await other.vanish();
    });
  });
}

t.test('a half-closed stream gets what it is owed: the document, its updates, the answers', async (t) => {
  const rooms = openRooms(t, new MemoryStore());
  t.same(contents(await join(rooms).halfClose().rest()), ['']);
  const first = insert(0, 'x', { operation_id: '1' });
  t.same(contents(await join(rooms).send(first).halfClose().rest()), ['', 'x']);
  t.same(contents(await join(rooms).send(first, first, first).halfClose().rest()), ['x', 'x', 'x', 'x']);
});

t.test('answers to repeated operations that nobody reads stop the sender', async (t) => {
  const store = new MemoryStore();
  const rooms = openRooms(t, store);
  const first = insert(0, 'x', { operation_id: '1' });
  await join(rooms).send(first).halfClose().rest();
  const alice = join(rooms).send(...Array.from({ length: 1_000 }, () => first));
  await alice.next();
  for (let turn = 0; turn < 3_000; turn++) await new Promise((resolve) => setImmediate(resolve));
  t.ok(alice.taken < 40, `${alice.taken} of 1001 were read`);
  await alice.take(1_000);
  await alice.vanish();
  t.equal(store.following, 0);
});

t.test('what does not fit is refused, naming the field', async (t) => {
  const store = new MemoryStore();
  const rooms = openRooms(t, store);
  // 3 letters and a character of two code units.
  await join(rooms).send(insert(0, 'abc😀')).halfClose().rest();
  const cases: Array<[code: keyof typeof status, field: string, request: Fields]> = [
    ['INVALID_ARGUMENT', 'user_id', { user_id: '' }],
    ['INVALID_ARGUMENT', 'user_id', { user_id: 'somebody else' }],
    ['INVALID_ARGUMENT', 'document_id', { document_id: '' }],
    ['INVALID_ARGUMENT', 'document_id', { document_id: 'd'.repeat(201) }],
    ['INVALID_ARGUMENT', 'operation_type', { operation_type: 'REPLACE' }],
    ['INVALID_ARGUMENT', 'operation_id', insert(0, 'x', { operation_id: 'o'.repeat(201) })],
    ['INVALID_ARGUMENT', 'base_revision', insert(0, 'x', { base_revision: -1 })],
    ['OUT_OF_RANGE', 'base_revision', insert(0, 'x', { base_revision: 2 })],
    ['INVALID_ARGUMENT', 'position', insert(-1, 'x')],
    ['OUT_OF_RANGE', 'position', insert(6, 'x')],
    ['OUT_OF_RANGE', 'position', insert(1, 'x', { base_revision: 0 })],
    ['INVALID_ARGUMENT', 'position', insert(4, 'x')],
    ['INVALID_ARGUMENT', 'position', remove(4, 1)],
    ['INVALID_ARGUMENT', 'length', remove(0, 4)],
    ['INVALID_ARGUMENT', 'length', remove(0, -1)],
    ['INVALID_ARGUMENT', 'length', remove(0, 0)],
    ['INVALID_ARGUMENT', 'length', remove(0, 2, { content: 'a' })],
    ['OUT_OF_RANGE', 'length', remove(0, 6)],
    ['OUT_OF_RANGE', 'length', remove(0, 2_147_483_647)],
    ['FAILED_PRECONDITION', 'content', remove(0, 0, { content: 'x' })],
    ['INVALID_ARGUMENT', 'content', insert(0, '')],
    ['INVALID_ARGUMENT', 'content', insert(0, 'x'.repeat(MAX_INSERT_LENGTH + 1))],
    ['INVALID_ARGUMENT', 'content', insert(0, '\ud83d')],
    ['INVALID_ARGUMENT', 'length', { operation_type: 'FORMAT', content: 'bold' }],
  ];
  for (const [code, field, fields] of cases) {
    const alice = join(rooms).send({ ...blank, ...fields });
    t.equal((await alice.next()).content, 'abc😀');
    await t.rejects(
      alice.next(),
      { code: status[code], message: new RegExp(`^${field}: `) },
      `${code} ${field}`,
    );
  }
  t.same(
    contents(
      await join(rooms)
        .send(remove(0, 0, { content: 'ab' }))
        .halfClose()
        .rest(),
    ),
    ['abc😀', 'c😀'],
  );
  t.equal(store.following, 0);
});

t.test('a document, its formats and the way back have bounds', async (t) => {
  const rooms = openRooms(t, new MemoryStore());
  const alice = join(rooms);
  await alice.next();
  const page = 'é'.repeat(MAX_INSERT_LENGTH / 2);
  for (let size = 0; size < MAX_DOCUMENT_BYTES; size += MAX_INSERT_LENGTH) {
    await alice.send(insert(0, page)).next();
  }
  const bob = join(rooms, { user_id: 'bob' }).send(insert(0, 'x', { user_id: 'bob' }));
  await bob.next();
  await t.rejects(bob.next(), { code: status.RESOURCE_EXHAUSTED, message: /^content: / });
  t.equal((await alice.send(remove(0, MAX_DOCUMENT_BYTES / 2)).next()).content, '', 'others go on');
  await alice.send(insert(0, 'x'.repeat(2 * MAX_FORMATS + 2))).next();
  for (let n = 0; n < MAX_FORMATS; n++) {
    alice.send({ ...blank, operation_type: 'FORMAT', content: 'b', position: 2 * n, length: 1 });
  }
  await alice.take(MAX_FORMATS);
  const carol = join(rooms, { user_id: 'carol' });
  const { revision = 0 } = await carol.next();
  carol.send({ ...insert(0, 'x', { user_id: 'carol', base_revision: revision - MAX_REVISIONS_BEHIND - 1 }) });
  await t.rejects(carol.next(), { code: status.OUT_OF_RANGE, message: /^base_revision: / });
  alice.send({ ...blank, operation_type: 'FORMAT', content: 'b', position: 2 * MAX_FORMATS, length: 1 });
  await t.rejects(alice.next(), { code: status.RESOURCE_EXHAUSTED, message: /^position: / });
});

t.test('an editor that does not read delays nobody, and later gets every update', async (t) => {
  const store = new MemoryStore();
  const rooms = openRooms(t, store);
  const slow = join(rooms, { user_id: 'slow' });
  await slow.next();
  const alice = join(rooms);
  await alice.next();
  for (let n = 0; n < 300; n++) alice.send(insert(n, 'x'));
  await alice.take(300);
  t.same(
    (await slow.take(300)).map((update) => update.revision),
    Array.from({ length: 300 }, (_, n) => n + 1),
  );
  await alice.vanish();
  await slow.vanish();
  t.equal(store.following, 0);
});
