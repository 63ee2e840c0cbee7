// A process that chats, plays and edits until it is killed; tells its parent what has been acknowledged.
import { pino } from 'pino';
import { roomHandlers } from '../../../grpc-core/rooms/index.js';
import { openEmbeddedStore } from '../../../grpc-core/store/index.js';
import { Conversation } from './conversation.js';
import { blank } from './edit/editor.js';

const directory = process.argv[2] ?? '';
const { handlers } = roomHandlers({
  store: await openEmbeddedStore({ directory }),
  log: pino({ level: 'silent' }),
});
const tell = (message: object) => process.send?.(message);

async function chat(): Promise<void> {
  const member = new Conversation(handlers.Chat);
  for (let n = 1; ; n++) {
    member.send({
      user_id: 'ghost',
      room_id: 'lobby',
      message: String(n),
      timestamp: null,
      event: 'CHAT_EVENT_MESSAGE',
      sequence: '0',
      active_users: [],
    });
    tell({ chat: Number((await member.next()).message) });
  }
}

async function play(): Promise<void> {
  const player = new Conversation(handlers.GameSession);
  for (;;) {
    player.send({ player_id: 'ghost', action_type: 'ATTACK', parameters: {}, game_id: '' });
    tell({ game: (await player.next()).players?.ghost?.score });
  }
}

async function edit(): Promise<void> {
  const editor = new Conversation(handlers.CollaborativeEdit).send({ ...blank, user_id: 'ghost' });
  await editor.next();
  for (let n = 1; ; n++) {
    editor.send({
      ...blank,
      user_id: 'ghost',
      operation_type: 'INSERT',
      content: 'x',
      operation_id: String(n),
    });
    tell({ edit: (await editor.next()).revision });
  }
}

await Promise.all([chat(), play(), edit()]);
