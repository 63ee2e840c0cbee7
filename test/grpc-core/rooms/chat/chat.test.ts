import { status } from '@grpc/grpc-js';
import t from 'tap';
import type { RoomHandlers } from '../../../../grpc-core/rooms/index.js';
import type { ChatMessage, ChatMessage__Output } from '../../../../proto/types/streaming/ChatMessage.js';
import { Conversation } from '../conversation.js';
import { MemoryStore } from '../memory-store.js';
import { openRooms, stores } from '../subjects.js';

type Member = Conversation<ChatMessage__Output, ChatMessage>;

function say(user_id: string, message: string, room_id = 'lobby'): ChatMessage__Output {
  return {
    user_id,
    room_id,
    message,
    timestamp: null,
    event: 'CHAT_EVENT_MESSAGE',
    sequence: '0',
    active_users: [],
  };
}

function enter(rooms: RoomHandlers): Member {
  return new Conversation(rooms.handlers.Chat);
}

function brief(message: ChatMessage): string {
  const event = String(message.event).replace('CHAT_EVENT_', '').toLowerCase();
  return `${event} ${message.user_id}: ${message.message}`.trim();
}

for (const [name, openStore] of stores) {
  t.test(`chat on the ${name} store`, async (t) => {
    t.test('everyone in the room, the sender too, gets each message in one order', async (t) => {
      const rooms = openRooms(t, await openStore(t), () => 1_700_000_000_123);
      const alice = enter(rooms).send(say('alice', 'hello'));
      const [first] = await alice.take(1);
      t.match(first, {
        user_id: 'alice',
        room_id: 'lobby',
        message: 'hello',
        event: 'CHAT_EVENT_MESSAGE',
        timestamp: { seconds: 1_700_000_000, nanos: 123_000_000 },
      });
      const bob = enter(rooms).send(say('bob', ''));
      t.same((await bob.take(1)).map(brief), ['history alice: hello']);
      const joined = await alice.next();
      t.equal(brief(joined), 'joined bob:');
      t.same(joined.active_users, ['alice', 'bob']);
      alice.send(say('alice', 'one'), say('alice', 'two'));
      bob.send(say('bob', 'three'), say('bob', 'four'));
      const seen = await alice.take(4);
      t.same(await bob.take(4), seen, 'the same messages in the same order');
      t.same(seen.map((m) => m.message).sort(), ['four', 'one', 'three', 'two']);
      const numbers = seen.map((m) => Number(m.sequence));
      t.same(
        numbers,
        [...numbers].sort((a, b) => a - b),
        'numbered by that order',
      );
      t.equal(new Set(numbers).size, 4);
      await bob.vanish();
      const left = await alice.next();
      t.equal(brief(left), 'left bob:');
      t.same(left.active_users, ['alice']);
      await alice.vanish();
    });

    t.test('a half-closed stream ends after everything it sent has come back, and leaves', async (t) => {
      const rooms = openRooms(t, await openStore(t));
      const alice = enter(rooms).send(say('alice', 'in'));
      await alice.next();
      const bob = enter(rooms).send(say('bob', '1'), say('bob', '2'), say('bob', '3')).halfClose();
      t.same((await bob.rest()).map(brief), [
        'history alice: in',
        'message bob: 1',
        'message bob: 2',
        'message bob: 3',
      ]);
      t.same((await alice.take(5)).map(brief), [
        'joined bob:',
        'message bob: 1',
        'message bob: 2',
        'message bob: 3',
        'left bob:',
      ]);
      await alice.vanish();
    });

    t.test('who joins gets the last 50 messages, however many came and went since', async (t) => {
      const rooms = openRooms(t, await openStore(t));
      const alice = enter(rooms);
      for (let n = 1; n <= 60; n++) alice.send(say('alice', String(n)));
      await alice.take(60);
      for (let n = 0; n < 60; n++)
        await enter(rooms)
          .send(say(`guest${n}`, ''))
          .halfClose()
          .rest();
      const late = enter(rooms).send(say('late', '')).halfClose();
      const history = await late.rest();
      t.same(
        history.map(brief),
        Array.from({ length: 50 }, (_, n) => `history alice: ${n + 11}`),
      );
      await alice.vanish();
    });

    t.test('nothing is lost or doubled between history and live, whenever one joins', async (t) => {
      const rooms = openRooms(t, await openStore(t));
      const alice = enter(rooms);
      const members: Member[] = [];
      for (let n = 1; n <= 40; n++) {
        alice.send(say('alice', String(n)));
        if (n % 4 === 0) members.push(enter(rooms).send(say(`member${n}`, '')));
        await new Promise((resolve) => setImmediate(resolve));
      }
      const wanted = Array.from({ length: 40 }, (_, n) => String(n + 1));
      for (const member of [alice, ...members]) {
        const messages: string[] = [];
        while (messages.length < 40) {
          const message = await member.next();
          if (message.message !== '') messages.push(String(message.message));
        }
        t.same(messages, wanted);
      }
      for (const member of [alice, ...members]) await member.vanish();
    });

    t.test('two replicas on one store are one room', async (t) => {
      const store = await openStore(t);
      const here = openRooms(t, store);
      const there = openRooms(t, store);
      const alice = enter(here).send(say('alice', 'in'));
      await alice.next();
      const bob = enter(there).send(say('bob', 'hi'));
      t.same((await bob.take(2)).map(brief), ['history alice: in', 'message bob: hi']);
      const joined = await alice.next();
      t.equal(brief(joined), 'joined bob:');
      t.same(joined.active_users, ['alice', 'bob'], 'over both replicas');
      t.equal(brief(await alice.next()), 'message bob: hi');
      await bob.vanish();
      const left = await alice.next();
      t.equal(brief(left), 'left bob:');
      t.same(left.active_users, ['alice']);
      await alice.vanish();
    });

    t.test('one stream may be in several rooms, 16 at most', async (t) => {
      const rooms = openRooms(t, await openStore(t));
      const alice = enter(rooms);
      for (let n = 0; n < 16; n++) alice.send(say('alice', 'x', `room ${n}`));
      const seen = await alice.take(16);
      t.equal(new Set(seen.map((m) => m.room_id)).size, 16);
      alice.send(say('alice', 'x', 'one more'));
      await t.rejects(alice.next(), { code: status.INVALID_ARGUMENT, message: /^room_id: / });
    });
  });
}

t.test('a user on two streams is in the room once', async (t) => {
  const rooms = openRooms(t, new MemoryStore());
  const alice = enter(rooms).send(say('alice', 'a'));
  await alice.next();
  const phone = enter(rooms).send(say('bob', 'b'));
  t.same((await phone.take(2)).map(brief), ['history alice: a', 'message bob: b']);
  const laptop = enter(rooms).send(say('bob', 'c'));
  await laptop.take(3);
  await laptop.vanish();
  alice.send(say('alice', 'd'));
  t.same((await alice.take(4)).map(brief), [
    'joined bob:',
    'message bob: b',
    'message bob: c',
    'message alice: d',
  ]);
  await phone.vanish();
  t.equal(brief(await alice.next()), 'left bob:');
  await alice.vanish();
});

t.test('what cannot be meant is refused, naming the field, after what was good', async (t) => {
  const cases: Array<[field: string, message: ChatMessage__Output]> = [
    ['user_id', say('', 'x')],
    ['user_id', say('u'.repeat(201), 'x')],
    ['user_id', say('bob', 'x')],
    ['room_id', say('alice', 'x', '')],
    ['room_id', say('alice', 'x', 'r'.repeat(201))],
    ['message', say('alice', 'é'.repeat(32_769))],
    ['event', { ...say('alice', 'x'), event: 'CHAT_EVENT_LEFT' }],
  ];
  for (const [field, message] of cases) {
    const rooms = openRooms(t, new MemoryStore());
    const alice = enter(rooms).send(say('alice', 'good'), message);
    t.equal(brief(await alice.next()), 'message alice: good');
    await t.rejects(alice.next(), { code: status.INVALID_ARGUMENT, message: new RegExp(`^${field}: `) });
  }
});

t.test('names of any characters are rooms of their own', async (t) => {
  const rooms = openRooms(t, new MemoryStore());
  const names = ['__proto__', 'a/b', 'a.b', 'a b', 'ä', '💬', 'A', 'a', '../x', 'n'.repeat(200)];
  const member = enter(rooms).send(...names.map((room) => say('constructor', room, room)));
  const seen = await member.take(names.length);
  t.same(new Set(seen.map((m) => `${m.room_id}=${m.message}`)), new Set(names.map((n) => `${n}=${n}`)));
  await member.vanish();
});

t.test('a member that does not read delays nobody, and later misses nothing', async (t) => {
  const store = new MemoryStore();
  const rooms = openRooms(t, store);
  const slow = enter(rooms).send(say('slow', 'in'));
  await slow.next();
  const alice = enter(rooms);
  for (let n = 0; n < 500; n++) alice.send(say('alice', String(n)));
  await alice.take(501);
  t.equal(brief(await slow.next()), 'joined alice:');
  t.same(
    (await slow.take(500)).map((m) => m.message),
    Array.from({ length: 500 }, (_, n) => String(n)),
  );
  await alice.vanish();
  await slow.vanish();
  t.equal(store.following, 0, 'nobody follows a log any more');
});

t.test('a broken stream leaves although nobody returns its iterator', async (t) => {
  const store = new MemoryStore();
  const rooms = openRooms(t, store);
  const alice = enter(rooms).send(say('alice', 'in'));
  await alice.next();
  const bob = enter(rooms).send(say('bob', 'x'));
  await bob.take(2);
  bob.abort();
  const seen: string[] = [];
  while (seen.at(-1) !== 'left bob:') seen.push(brief(await alice.next()));
  await alice.vanish();
  t.equal(store.following, 0);
});

t.test('closing ends every stream with UNAVAILABLE and empties the rooms', async (t) => {
  const store = new MemoryStore();
  const rooms = openRooms(t, store);
  const alice = enter(rooms).send(say('alice', 'x'));
  await alice.next();
  const waiting = alice.next();
  const refused = t.rejects(waiting, { code: status.UNAVAILABLE });
  await rooms.close();
  await refused;
  t.equal(store.following, 0);
  const next = enter(openRooms(t, store)).send(say('bob', ''));
  t.equal(brief(await next.next()), 'history alice: x');
  await next.vanish();
});
