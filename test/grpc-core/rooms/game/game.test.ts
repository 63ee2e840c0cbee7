import { status } from '@grpc/grpc-js';
import t from 'tap';
import { MAX_PLAYERS, MAX_STATES_BEHIND } from '../../../../grpc-core/rooms/game/index.js';
import type { RoomHandlers } from '../../../../grpc-core/rooms/index.js';
import type { GameAction__Output } from '../../../../proto/types/streaming/GameAction.js';
import type { GameState } from '../../../../proto/types/streaming/GameState.js';
import { Conversation } from '../conversation.js';
import { MemoryStore } from '../memory-store.js';
import { openRooms, stores } from '../subjects.js';

function act(
  player_id: string,
  action_type: string,
  parameters: Record<string, string> = {},
  game_id = '',
): GameAction__Output {
  return { player_id, action_type, parameters, game_id };
}

function play(
  rooms: RoomHandlers,
  ...actions: GameAction__Output[]
): Conversation<GameAction__Output, GameState> {
  return new Conversation(rooms.handlers.GameSession).send(...actions);
}

const player = (state: GameState | undefined, id: string) => state?.players?.[id];

for (const [name, openStore] of stores) {
  t.test(`games on the ${name} store`, async (t) => {
    t.test('every action gives everyone in the game the new state, in one order', async (t) => {
      const rooms = openRooms(t, await openStore(t), () => 1_700_000_000_000);
      const alice = play(rooms, act('alice', 'JOIN'));
      t.match(await alice.next(), {
        players: { alice: { player_id: 'alice', health: 100, score: 0, position: '0,0' } },
        game_status: 'ONGOING',
        revision: '1',
        game_id: 'default',
        timestamp: { seconds: 1_700_000_000 },
      });
      const bob = play(rooms, act('bob', 'MOVE', { position: '3,4' }));
      t.match(await bob.next(), {
        players: { alice: {}, bob: { position: '3,4', score: 0 } },
        revision: '2',
      });
      bob.send(act('bob', 'attack'), act('bob', 'ATTACK', { target: 'alice' }), act('alice', 'Defend'));
      const seen = await bob.take(3);
      t.match(await alice.next(), { revision: '2' });
      t.same(await alice.take(3), seen);
      t.same(
        seen.map((state) => player(state, 'bob')?.score),
        [10, 20, 20],
      );
      t.same(
        seen.map((state) => player(state, 'alice')?.health),
        [100, 90, 95],
      );
      t.same(
        seen.map((state) => state.revision),
        ['3', '4', '5'],
      );
      await alice.vanish();
      await bob.vanish();
    });

    t.test('a game goes on after a restart', async (t) => {
      const store = await openStore(t);
      const before = openRooms(t, store);
      const actions = Array.from({ length: 250 }, () => act('alice', 'ATTACK', {}, 'long'));
      const last = (
        await play(before, ...actions)
          .halfClose()
          .rest()
      ).at(-1);
      t.equal(player(last, 'alice')?.score, 2_500);
      await before.close();
      const [state] = await play(openRooms(t, store), act('bob', 'JOIN', {}, 'long'))
        .halfClose()
        .rest();
      t.match(state, { players: { alice: { score: 2_500 }, bob: { score: 0 } }, revision: '251' });
    });

    t.test('actions on two replicas all count', async (t) => {
      const store = await openStore(t);
      const replicas = [openRooms(t, store), openRooms(t, store)];
      const streams = replicas.map((rooms, n) =>
        play(rooms, ...Array.from({ length: 100 }, () => act(`player${n}`, 'ATTACK'))).halfClose(),
      );
      await Promise.all(streams.map((stream) => stream.rest()));
      const rooms = replicas[0] ?? openRooms(t, store);
      const [state] = await play(rooms, act('judge', 'JOIN')).halfClose().rest();
      t.match(state, { players: { player0: { score: 1_000 }, player1: { score: 1_000 } }, revision: '201' });
    });
  });
}

t.test('the status allows or refuses actions, and a refusal ends only its sender', async (t) => {
  const rooms = openRooms(t, new MemoryStore());
  const watcher = play(rooms, act('w', 'JOIN'));
  await watcher.next();
  const run = async (...actions: string[]) =>
    play(rooms, ...actions.map((a) => act('p', a)))
      .halfClose()
      .rest();
  const refused = { code: status.FAILED_PRECONDITION, message: /^action_type: / };
  t.match((await run('PAUSE', 'PAUSE', 'JOIN')).at(-1), { game_status: 'PAUSED' });
  for (const action of ['MOVE', 'ATTACK', 'DEFEND']) {
    await t.rejects(play(rooms, act('p', action, { position: 'x' })).next(), refused, `${action} in PAUSED`);
  }
  t.match((await run('RESUME')).at(-1), { game_status: 'ONGOING' });
  t.match((await run('PAUSE', 'FINISH', 'FINISH')).at(-1), { game_status: 'FINISHED' });
  for (const action of ['MOVE', 'ATTACK', 'DEFEND', 'PAUSE']) {
    await t.rejects(
      play(rooms, act('p', action, { position: 'x' })).next(),
      refused,
      `${action} in FINISHED`,
    );
  }
  const [seen] = await play(rooms, act('late', 'JOIN')).halfClose().rest();
  t.equal(player(seen, 'late'), undefined, 'who comes late only looks');
  t.match((await run('RESUME', 'ATTACK')).at(-1), { game_status: 'ONGOING', players: { p: { score: 10 } } });
  // Nine accepted actions, of which PAUSE, FINISH and the late JOIN were repeated or looks.
  const states = await watcher.take(10);
  t.same(
    states.map((state) => state.game_status),
    [
      'PAUSED',
      'PAUSED',
      'PAUSED',
      'ONGOING',
      'PAUSED',
      'FINISHED',
      'FINISHED',
      'FINISHED',
      'ONGOING',
      'ONGOING',
    ],
  );
  t.same(
    states.map((state) => state.revision),
    ['2', '2', '2', '3', '4', '5', '5', '5', '6', '7'],
  );
  await watcher.vanish();
});

t.test('moves, health and hits keep their bounds', async (t) => {
  const rooms = openRooms(t, new MemoryStore());
  const states = await play(
    rooms,
    act('a', 'MOVE', { x: '1', y: '-2.5' }),
    act('a', 'MOVE', { dx: '2' }),
    act('a', 'MOVE', { dx: '-1', dy: '2' }),
    act('a', 'MOVE', { position: 'the old oak' }),
    act('a', 'DEFEND'),
    act('a', 'ATTACK', { target: 'nobody' }),
    act('a', 'ATTACK', { target: 'a' }),
  )
    .halfClose()
    .rest();
  t.same(states.map((state) => player(state, 'a')?.position).slice(0, 4), [
    '1,-2.5',
    '3,-2.5',
    '2,-0.5',
    'the old oak',
  ]);
  t.match(player(states.at(-1), 'a'), { health: 100, score: 20 });
  await play(rooms, act('b', 'JOIN')).halfClose().rest();
  const hits = await play(rooms, ...Array.from({ length: 11 }, () => act('a', 'ATTACK', { target: 'b' })))
    .halfClose()
    .rest();
  t.equal(player(hits.at(-1), 'b')?.health, 0);
  await t.rejects(play(rooms, act('a', 'MOVE', { dx: '1' })).next(), { code: status.FAILED_PRECONDITION });
});

t.test('what cannot be meant is refused, naming the field', async (t) => {
  const rooms = openRooms(t, new MemoryStore());
  const cases: Array<[field: string, action: GameAction__Output]> = [
    ['player_id', act('', 'JOIN')],
    ['player_id', act('p'.repeat(201), 'JOIN')],
    ['player_id', act('__proto__', 'JOIN')],
    ['game_id', act('a', 'JOIN', {}, 'g'.repeat(201))],
    ['action_type', act('a', '')],
    ['action_type', act('a', 'FLY')],
    ['parameters.position', act('a', 'MOVE')],
    ['parameters.position', act('a', 'MOVE', { position: '' })],
    ['parameters.position', act('a', 'MOVE', { position: 'x'.repeat(65) })],
    ['parameters.position', act('a', 'MOVE', { position: '1,\n2' })],
    ['parameters.x', act('a', 'MOVE', { x: 'NaN', y: '1' })],
    ['parameters.x', act('a', 'MOVE', { x: '1e99', y: '1' })],
    ['parameters.y', act('a', 'MOVE', { x: '1' })],
    ['parameters.dy', act('a', 'MOVE', { dy: ' ' })],
  ];
  for (const [field, action] of cases) {
    await t.rejects(
      play(rooms, action).next(),
      { code: status.INVALID_ARGUMENT, message: new RegExp(`^${field.replace('.', '\\.')}: `) },
      `${field} ${JSON.stringify(action.parameters).slice(0, 40)}`,
    );
  }
  const [state] = await play(rooms, act('constructor', 'MOVE', { x: '1', y: '1' }))
    .halfClose()
    .rest();
  t.same(Object.keys(state?.players ?? {}), ['constructor']);
});

t.test('a full game takes no more players', async (t) => {
  const rooms = openRooms(t, new MemoryStore());
  const crowd = Array.from({ length: MAX_PLAYERS }, (_, n) => act(`p${n}`, 'JOIN'));
  await play(rooms, ...crowd)
    .halfClose()
    .rest();
  await t.rejects(play(rooms, act('one more', 'JOIN')).next(), { code: status.RESOURCE_EXHAUSTED });
  t.equal((await play(rooms, act('p0', 'ATTACK')).halfClose().rest()).length, 1, 'those in it go on');
});

t.test('a slow reader gets the newest state next, and at half-close the last of its own', async (t) => {
  const store = new MemoryStore();
  const rooms = openRooms(t, store);
  const slow = play(rooms, act('slow', 'JOIN'));
  await slow.next();
  await play(rooms, ...Array.from({ length: 1_000 }, () => act('fast', 'ATTACK')))
    .halfClose()
    .rest();
  slow.send(act('slow', 'DEFEND'), act('slow', 'ATTACK')).halfClose();
  const rest = await slow.rest();
  t.ok(rest.length <= MAX_STATES_BEHIND + 2, `${rest.length} states of 1002`);
  t.match(rest.at(-1), { players: { fast: { score: 10_000 }, slow: { score: 10 } } });
  const revisions = rest.map((state) => Number(state.revision));
  t.same(
    revisions,
    [...revisions].sort((a, b) => a - b),
    'never back in time',
  );
  t.equal(store.following, 0);
});
