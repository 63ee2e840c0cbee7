import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServiceError } from '@grpc/grpc-js';
import t from 'tap';
import type { HandlersOf } from '../../grpc-core/rpc/index.js';
import type { StreamingServiceDefinition } from '../../proto/types/streaming/StreamingService.js';
import { type RunningCore, startCore, until } from './core-fixture.js';

/** The answer of a call that has one. */
function answer<Response>(
  start: (callback: (error: ServiceError | null, value?: Response) => void) => unknown,
): Promise<Response | undefined> {
  return new Promise((resolve, reject) => {
    start((error, value) => (error ? reject(error) : resolve(value)));
  });
}

/** The first messages of a stream, which is then left. */
async function first<Item>(
  call: AsyncIterable<Item> & { cancel(): void; on(event: 'error', listener: () => void): unknown },
  count: number,
): Promise<Item[]> {
  call.on('error', () => {});
  const items: Item[] = [];
  for await (const item of call) {
    items.push(item);
    if (items.length === count) break;
  }
  call.cancel();
  return items;
}

const tries: Readonly<
  Record<keyof HandlersOf<StreamingServiceDefinition>, (core: RunningCore) => Promise<unknown>>
> = {
  GetStockQuote: ({ client }) => answer((callback) => client.GetStockQuote({ symbol: 'AAPL' }, callback)),
  GetStockPrices: ({ client }) => first(client.GetStockPrices({ symbols: ['AAPL', 'MSFT'] }), 4),
  // Following, since a line is stored a moment after it was written.
  StreamLogs: ({ client }) => first(client.StreamLogs({ follow: true }), 1),
  async DownloadFile({ client, dataDir }) {
    await writeFile(join(dataDir, 'hello.txt'), 'hello');
    return first(client.DownloadFile({ file_path: 'hello.txt', chunk_size: 3 }), 3);
  },
  UploadFile: ({ client }) =>
    answer((callback) => {
      const call = client.UploadFile(callback);
      call.write({ data: Buffer.from('ab'), file_path: 'x/y' });
      call.end({ data: Buffer.from('c') });
    }),
  CollectSensorData: ({ client }) =>
    answer((callback) => {
      const call = client.CollectSensorData(callback);
      for (const temperature of [1, 2, 6]) call.write({ sensor_id: 's', temperature });
      call.end();
    }),
  ProcessBatch: ({ client }) => answer((callback) => client.ProcessBatch(callback).end()),
  async Chat({ client }) {
    const call = client.Chat();
    call.write({ user_id: 'u', room_id: 'r', message: 'hello' });
    return first(call, 1);
  },
  async GameSession({ client }) {
    const call = client.GameSession();
    call.write({ player_id: 'p', action_type: 'ATTACK' });
    for await (const state of call) {
      if (state.players.p?.score === 10) {
        call.on('error', () => {});
        call.cancel();
        return state;
      }
    }
    return undefined;
  },
  async CollaborativeEdit({ client }) {
    const call = client.CollaborativeEdit();
    call.write({ user_id: 'u', document_id: 'd', operation_type: 'INSERT', position: 0, content: 'hi' });
    for await (const update of call) {
      if (update.content === 'hi') {
        call.on('error', () => {});
        call.cancel();
        return update;
      }
    }
    return undefined;
  },
  GetDataStream: ({ client }) => first(client.GetDataStream({ start_from_id: 998 }), 4),
  ControlledStream: ({ client }) => first(client.ControlledStream({ start_from_id: 950 }), 100),
  BufferedStream: ({ client }) => first(client.BufferedStream({ start_from_id: 800 }), 200),
};

const expected: Readonly<Record<keyof typeof tries, unknown>> = {
  GetStockQuote: { symbol: 'AAPL', price: Number },
  GetStockPrices: ['AAPL', 'MSFT', 'AAPL', 'MSFT'].map((symbol) => ({ symbol, price: Number })),
  StreamLogs: [{ service: 'core', message: String }],
  DownloadFile: [
    { chunk_number: 0, data: Buffer.from('hel') },
    { chunk_number: 1, data: Buffer.from('lo') },
    { chunk_number: 2, data: Buffer.alloc(0), is_last: true },
  ],
  UploadFile: { file_id: 'x/y', total_bytes: '3', checksum: /^ba7816bf8f01cfea/ },
  CollectSensorData: { total_readings: 3, avg_temperature: 3 },
  ProcessBatch: { processed_count: 0, failed_ids: [] },
  Chat: [{ room_id: 'r', message: 'hello', sequence: String }],
  GameSession: { players: { p: { score: 10 } } },
  CollaborativeEdit: { content: 'hi', document_id: 'd' },
  GetDataStream: [999, 1000, 1001, 1002].map((id) => ({ id, data: `item ${id}` })),
  ControlledStream: Array.from({ length: 100 }, (_, i) => ({ id: 951 + i })),
  BufferedStream: Array.from({ length: 200 }, (_, i) => ({ id: 801 + i })),
};

t.test('a fresh core does what the contract says, method by method, over a socket', async (t) => {
  const running = await startCore(t, { marketTickMs: 20, dataIntervalMs: 5 });
  for (const [name, attempt] of Object.entries(tries)) {
    t.match(await attempt(running), expected[name as keyof typeof tries], name);
  }
  await until(() => running.core.runningCalls === 0);
  const called = running.lines
    .filter(({ msg }) => msg === 'call')
    .map(({ method }) => String(method).split('/')[1]);
  t.strictSame([...new Set(called)].sort(), Object.keys(tries).sort(), 'each call has its line');
});
