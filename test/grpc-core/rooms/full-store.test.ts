import { status } from '@grpc/grpc-js';
import t from 'tap';
import { CoreError } from '../../../grpc-core/base/errors.js';
import type { Store } from '../../../grpc-core/store/index.js';
import { Conversation } from './conversation.js';
import { MemoryStore } from './memory-store.js';
import { openRooms } from './subjects.js';

/** A store on a disk that is full while `full`. */
function fillableStore(): Store & { full: boolean } {
  const store = new MemoryStore();
  const disk = { full: false };
  const assertRoom = () => {
    if (disk.full) throw new CoreError(status.RESOURCE_EXHAUSTED, 'the disk is full');
  };
  return Object.assign(disk, {
    log: (name: string) => {
      const log = store.log(name);
      return {
        ...log,
        append: async (data: Uint8Array, expectedLast?: number) => {
          assertRoom();
          return await log.append(data, expectedLast);
        },
      };
    },
    map: (name: string) => {
      const map = store.map(name);
      return {
        ...map,
        compareAndSet: async (key: string, value: Uint8Array, revision: number) => {
          assertRoom();
          return await map.compareAndSet(key, value, revision);
        },
      };
    },
    close: () => store.close(),
  });
}

const full = { code: status.RESOURCE_EXHAUSTED };

t.test('a full disk ends a chat, and what was refused is not in the room', async (t) => {
  const store = fillableStore();
  const { handlers } = openRooms(t, store);
  const say = (message: string) =>
    new Conversation(handlers.Chat).send({
      user_id: 'u',
      room_id: 'r',
      message,
      timestamp: null,
      event: 'CHAT_EVENT_MESSAGE',
      sequence: '0',
      active_users: [],
    });
  const chat = say('one');
  t.match(await chat.next(), { message: 'one' });
  store.full = true;
  await t.rejects(say('refused').rest(), full);
  store.full = false;
  const late = await say('two').halfClose().rest();
  t.strictSame(
    late.map(({ message }) => message),
    ['one', 'two'],
  );
  await chat.halfClose().rest();
});

t.test('a full disk ends a game, and its state is that of the disk', async (t) => {
  const store = fillableStore();
  const { handlers } = openRooms(t, store);
  const play = () =>
    new Conversation(handlers.GameSession)
      .send({ player_id: 'p', action_type: 'ATTACK', parameters: {}, game_id: 'g' })
      .halfClose();
  t.match(await play().rest(), [{ players: { p: { score: 10 } }, revision: '1' }]);
  store.full = true;
  await t.rejects(play().rest(), full);
  store.full = false;
  t.match(await play().rest(), [{ players: { p: { score: 20 } }, revision: '2' }]);
});

t.test('a full disk ends an edit, and the document is that of the disk', async (t) => {
  const store = fillableStore();
  const { handlers } = openRooms(t, store);
  const edit = (content: string) =>
    new Conversation(handlers.CollaborativeEdit)
      .send({
        user_id: 'u',
        document_id: 'd',
        operation_type: 'INSERT',
        position: 0,
        content,
        operation_id: content,
        length: 0,
      })
      .halfClose();
  t.equal((await edit('a').rest()).at(-1)?.content, 'a');
  store.full = true;
  await t.rejects(edit('b').rest(), full);
  store.full = false;
  t.equal((await edit('b').rest()).at(-1)?.content, 'ba');
});
