import { once } from 'node:events';
import { type ClientDuplexStream, status } from '@grpc/grpc-js';
import t from 'tap';
import type { BatchResult__Output } from '../../../proto/types/streaming/BatchResult.js';
import type { ChatMessage, ChatMessage__Output } from '../../../proto/types/streaming/ChatMessage.js';
import type { SensorSummary__Output } from '../../../proto/types/streaming/SensorSummary.js';
import { clientOf, startCore } from '../core-fixture.js';

interface Ending {
  readonly code: number;
  readonly details: string;
}

/** The call's status. Not `once` of node:events, which rejects with the error that comes first. */
function endOf(call: Pick<ClientDuplexStream<never, unknown>, 'on'>): Promise<Ending> {
  call.on('error', () => undefined);
  return new Promise((resolve) => call.on('status', resolve));
}

/** Takes responses one by one and ends with the call's status. */
class Reader<Response> {
  readonly end: Promise<Ending>;
  readonly #responses: AsyncIterator<Response>;

  constructor(call: ClientDuplexStream<ChatMessage, Response>) {
    this.end = endOf(call);
    this.#responses = call[Symbol.asyncIterator]() as AsyncIterator<Response>;
  }

  async take(count: number): Promise<Response[]> {
    const responses: Response[] = [];
    while (responses.length < count) {
      const result = await this.#responses.next();
      if (result.done === true) throw new Error('the call has ended');
      responses.push(result.value);
    }
    return responses;
  }

  async rest(): Promise<Response[]> {
    const responses: Response[] = [];
    for (;;) {
      const result = await this.#responses.next();
      if (result.done === true) return responses;
      responses.push(result.value);
    }
  }
}

const brief = (message: ChatMessage__Output) =>
  `${message.event.replace('CHAT_EVENT_', '').toLowerCase()} ${message.user_id} ${message.message}`.trim();

t.test('chat over sockets: one room, history, presence, half-close, a client that vanishes', async (t) => {
  const { core, client } = await startCore(t);
  const aliceCall = client.Chat();
  const alice = new Reader<ChatMessage__Output>(aliceCall);
  aliceCall.write({ user_id: 'alice', room_id: 'lobby', message: 'hello' });
  t.same((await alice.take(1)).map(brief), ['message alice hello']);

  const other = clientOf(t, core.address);
  const bobCall = other.Chat();
  const bob = new Reader<ChatMessage__Output>(bobCall);
  bobCall.write({ user_id: 'bob', room_id: 'lobby', message: 'hi' });
  bobCall.end();
  t.same((await bob.rest()).map(brief), ['history alice hello', 'message bob hi']);
  t.match(await bob.end, { code: status.OK });
  t.same((await alice.take(3)).map(brief), ['joined bob', 'message bob hi', 'left bob']);

  const eveCall = other.Chat();
  const eve = new Reader<ChatMessage__Output>(eveCall);
  eveCall.write({ user_id: 'eve', room_id: 'lobby', message: '' });
  t.equal((await eve.take(2)).length, 2);
  eveCall.cancel();
  t.same((await alice.take(2)).map(brief), ['joined eve', 'left eve']);

  aliceCall.write({ user_id: 'mallory', room_id: 'lobby', message: 'x' });
  t.match(await alice.end, { code: status.INVALID_ARGUMENT, details: /^user_id: / });
});

t.test('a chat member that does not read does not delay the others', async (t) => {
  const { core, client } = await startCore(t);
  const slowCall = clientOf(t, core.address).Chat();
  const slow = new Reader<ChatMessage__Output>(slowCall);
  slowCall.write({ user_id: 'slow', room_id: 'lobby', message: 'in' });
  await slow.take(1);
  const aliceCall = client.Chat();
  const alice = new Reader<ChatMessage__Output>(aliceCall);
  const text = 'x'.repeat(10_000);
  // 10 MB, far more than the windows and buffers between the core and the slow member hold.
  for (let n = 0; n < 1_000; n++)
    aliceCall.write({ user_id: 'alice', room_id: 'lobby', message: `${n} ${text}` });
  const seen = await alice.take(1_001);
  t.equal(seen.at(-1)?.message, `999 ${text}`);
  const late = await slow.take(1_001);
  t.same(
    late.slice(1).map((message) => message.sequence),
    seen.slice(1).map((message) => message.sequence),
    'it has missed nothing',
  );
  aliceCall.cancel();
  slowCall.cancel();
});

t.test('games and documents over sockets', async (t) => {
  const { client } = await startCore(t);
  const game = client.GameSession();
  const states = game[Symbol.asyncIterator]();
  game.write({ player_id: 'a', action_type: 'MOVE', parameters: { x: '1', y: '2' } });
  const state = (await states.next()).value;
  t.match(state, { players: { a: { position: '1,2', health: 100 } }, game_status: 'ONGOING', revision: '1' });
  game.end();
  t.equal((await states.next()).done, true);

  const edit = client.CollaborativeEdit();
  const updates = edit[Symbol.asyncIterator]();
  edit.write({
    user_id: 'a',
    document_id: 'd',
    operation_type: 'INSERT',
    content: 'hello',
    operation_id: '1',
  });
  t.match((await updates.next()).value, { content: '', revision: 0, operation: null });
  t.match((await updates.next()).value, { content: 'hello', revision: 1, operation: { operation_id: '1' } });
  const end = endOf(edit);
  edit.write({ user_id: 'a', document_id: 'd', operation_type: 'INSERT', content: 'x', base_revision: 7 });
  t.match(await end, { code: status.OUT_OF_RANGE, details: /^base_revision: / });
});

t.test('sensors and batches over sockets', async (t) => {
  const { client } = await startCore(t);
  const summary = await new Promise<SensorSummary__Output | undefined>((resolve, reject) => {
    const call = client.CollectSensorData((error, result) => (error ? reject(error) : resolve(result)));
    call.write({ sensor_id: 's', temperature: 10, humidity: 1, pressure: 1 });
    call.end({ sensor_id: 's', temperature: 20, humidity: 3, pressure: 1 });
  });
  t.match(summary, { total_readings: 2, avg_temperature: 15, avg_humidity: 2 });
  const refused = new Promise((resolve, reject) => {
    const call = client.CollectSensorData((error, result) => (error ? reject(error) : resolve(result)));
    call.end({ sensor_id: 's', temperature: Number.NaN });
  });
  await t.rejects(refused, { code: status.INVALID_ARGUMENT, details: /^temperature: / });
  const result = await new Promise<BatchResult__Output | undefined>((resolve, reject) => {
    const call = client.ProcessBatch((error, value) => (error ? reject(error) : resolve(value)));
    for (let n = 0; n < 500; n++)
      call.write({ id: String(n), type: 'json', data: Buffer.from(n % 100 ? '1' : '{') });
    call.end();
  });
  t.match(result, {
    processed_count: 500,
    success_count: 495,
    failed_ids: ['0', '100', '200', '300', '400'],
  });
});

t.test('closing the core ends every stream with UNAVAILABLE and leaves nothing running', async (t) => {
  const { core, client } = await startCore(t);
  const calls = [client.Chat(), client.GameSession(), client.CollaborativeEdit()] as const;
  const [chat, game, edit] = calls;
  chat.write({ user_id: 'a', room_id: 'r', message: 'x' });
  game.write({ player_id: 'a', action_type: 'JOIN' });
  edit.write({ user_id: 'a', document_id: 'd' });
  const ends = calls.map((call) => endOf(call));
  await Promise.all(calls.map((call) => once(call, 'data')));
  await core.close();
  for (const end of ends) t.equal((await end).code, status.UNAVAILABLE);
  t.equal(core.runningCalls, 0);
});
