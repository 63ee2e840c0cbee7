import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { openEmbeddedStore } from '../../../grpc-core/store/index.js';
import { Conversation } from './conversation.js';
import { blank } from './edit/editor.js';
import { openRooms } from './subjects.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

t.test('what was acknowledged before kill -9 is there after it, once, and the dead leave', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-rooms-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const victim = fork(path('./victim.ts'), [directory], {
    execArgv: ['--import', path('../../support/typescript/register.mjs')],
  });
  t.teardown(() => victim.kill('SIGKILL'));
  const acknowledged: Record<string, number> = {};
  await new Promise<void>((resolve, reject) => {
    victim.once('exit', () => reject(new Error('the victim ended by itself')));
    victim.on('message', (message: Record<string, number>) => {
      Object.assign(acknowledged, message);
      // More than two snapshots of each.
      if (
        ['chat', 'game', 'edit'].every((key) => (acknowledged[key] ?? 0) > 220) &&
        (acknowledged.game ?? 0) > 2_200
      ) {
        resolve();
      }
    });
  });
  const exited = once(victim, 'exit');
  victim.kill('SIGKILL');
  t.same(await exited, [null, 'SIGKILL']);

  const store = await openEmbeddedStore({ directory });
  t.teardown(() => store.close());
  // The dead process's lease has run out by this clock.
  const { handlers } = openRooms(t, store, () => Date.now() + 60_000);

  const message = { user_id: 'ann', room_id: 'lobby', message: '', timestamp: null, sequence: '0' };
  const ann = new Conversation(handlers.Chat);
  ann.send({ ...message, event: 'CHAT_EVENT_MESSAGE', active_users: [] }).halfClose();
  const history = await ann.rest();
  const numbers = history.map((entry) => Number(entry.message));
  t.equal(history.length, 50);
  t.ok((numbers.at(-1) ?? 0) >= (acknowledged.chat ?? 0));
  t.same(
    numbers,
    Array.from({ length: 50 }, (_, n) => (numbers[0] ?? 0) + n),
    'no message lost or doubled',
  );

  const bob = new Conversation(handlers.Chat);
  bob.send({ ...message, user_id: 'bob', message: 'hi', event: 'CHAT_EVENT_MESSAGE', active_users: [] });
  t.match((await bob.take(51)).at(-1), { message: 'hi' });
  const eve = new Conversation(handlers.Chat);
  eve.send({ ...message, user_id: 'eve', message: 'hi', event: 'CHAT_EVENT_MESSAGE', active_users: [] });
  t.same((await bob.next()).active_users, ['bob', 'eve'], 'the ghost has left');
  await bob.vanish();
  await eve.vanish();

  const player = new Conversation(handlers.GameSession);
  player.send({ player_id: 'ann', action_type: 'JOIN', parameters: {}, game_id: '' }).halfClose();
  const [state] = await player.rest();
  const { score = 0 } = state?.players?.ghost ?? {};
  t.ok(score >= (acknowledged.game ?? 0));
  t.equal(state?.revision, String(score / 10 + 1), 'each action once');

  // What an editor does that never saw the answer to its last operations: sends them again.
  const edits = acknowledged.edit ?? 0;
  const editor = new Conversation(handlers.CollaborativeEdit).send({ ...blank, user_id: 'ghost' });
  const { revision = 0, content = '' } = await editor.next();
  t.ok(revision >= edits);
  t.equal(content.length, revision);
  for (let n = 1; n <= revision + 1; n++) {
    const operation = { ...blank, user_id: 'ghost', operation_type: 'INSERT', content: 'x' };
    editor.send({ ...operation, operation_id: String(n) });
  }
  const answers = await editor.take(revision + 1);
  t.equal(answers.at(-1)?.revision, revision + 1, 'only the last one was new');
  await editor.vanish();
});
