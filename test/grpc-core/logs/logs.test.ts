import { status } from '@grpc/grpc-js';
import t from 'tap';
import {
  bytesFromEntry,
  logHandlers,
  openLogWriter,
  type StoredEntry,
} from '../../../grpc-core/logs/index.js';
import { type Log, openEmbeddedStore } from '../../../grpc-core/store/index.js';
import type { LogEntry__Output } from '../../../proto/types/streaming/LogEntry.js';
import type { LogRequest } from '../../../proto/types/streaming/LogRequest.js';
import { quiet } from '../../support/quiet.js';
import { recordingLog, startCore, temporaryFolder, until } from '../core-fixture.js';
import { type Served, serveHandlers, statusOf } from '../rpc/rpc-fixture.js';

async function openLogs(t: Parameters<typeof serveHandlers>[0], retain = 10_000) {
  const store = await openEmbeddedStore({ directory: await temporaryFolder(t), retain: { logs: retain } });
  t.teardown(() => store.close());
  const log = store.log('logs');
  const write = async (message: string, entry: Partial<StoredEntry> = {}): Promise<void> => {
    await log.append(
      bytesFromEntry({ service: 'test', level: 'INFO', message, epochMs: 1500, metadata: {}, ...entry }),
    );
  };
  return { ...(await serveHandlers(t, logHandlers(log))), log, write };
}

function collect({ client }: Pick<Served, 'client'>, request: LogRequest) {
  const entries: LogEntry__Output[] = [];
  const call = client.StreamLogs(request);
  const ending = statusOf(call);
  call.on('data', (entry: LogEntry__Output) => entries.push(entry));
  return { call, entries, ending, messages: () => entries.map(({ message }) => message) };
}

t.test('the last ten that match come first, oldest first', async (t) => {
  const logs = await openLogs(t);
  t.strictSame(
    await collect(logs, {}).ending,
    { ...(await collect(logs, {}).ending), code: status.OK },
    'none is none',
  );
  const levels = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const;
  for (let i = 0; i < 800; i += 1) {
    await logs.write(`m${i}`, { level: levels[i % 4] ?? 'INFO', service: i % 100 === 3 ? 'rare' : 'test' });
  }
  const ask = async (request: LogRequest): Promise<string[]> => {
    const { ending, messages } = collect(logs, request);
    t.equal((await ending).code, status.OK);
    return messages();
  };
  const last = (count: number, matches: (i: number) => boolean): string[] =>
    Array.from({ length: 800 }, (_, i) => i)
      .filter(matches)
      .slice(-count)
      .map((i) => `m${i}`);
  t.strictSame(
    await ask({}),
    last(10, () => true),
  );
  t.strictSame(
    await ask({ level: 'DEBUG' }),
    last(10, () => true),
  );
  t.strictSame(
    await ask({ level: 'warn' }),
    last(10, (i) => i % 4 >= 2),
  );
  t.strictSame(
    await ask({ level: 'ERROR' }),
    last(10, (i) => i % 4 === 3),
  );
  t.strictSame(
    await ask({ service: 'rare' }),
    last(10, (i) => i % 100 === 3),
    'they are looked for further back',
  );
  t.strictSame(await ask({ service: 'nobody' }), []);
});

t.test('a follower gets what matches as it is written', async (t) => {
  const logs = await openLogs(t);
  await logs.write('before', { level: 'ERROR', metadata: { a: 'b', __proto__x: 'c' } });
  const { call, entries, messages } = collect(logs, { level: 'WARN', follow: true });
  await until(() => entries.length === 1);
  t.strictSame(entries[0], {
    service: 'test',
    level: 'ERROR',
    message: 'before',
    timestamp: { seconds: '1', nanos: 500_000_000 },
    metadata: { a: 'b', __proto__x: 'c' },
  });
  await logs.write('no');
  await logs.write('yes', { level: 'WARN' });
  await logs.log.append(Buffer.from('not an entry'));
  await logs.log.append(Buffer.from('null'));
  await logs.write('too', { level: 'ERROR' });
  await until(() => entries.length === 3);
  t.strictSame(messages(), ['before', 'yes', 'too']);
  call.cancel();
  await until(() => logs.calls.running === 0);
});

for (const [request, details] of [
  [{ level: 'LOUD' }, 'level: must be one of DEBUG, INFO, WARN, ERROR, or empty for all'],
  [{ level: '__proto__' }, 'level: must be one of DEBUG, INFO, WARN, ERROR, or empty for all'],
  [{ service: 'x'.repeat(257) }, 'service: at most 256 characters'],
] as const) {
  t.test(`a request is refused: ${details}`, async (t) => {
    t.match(await collect(await openLogs(t), request).ending, { code: status.INVALID_ARGUMENT, details });
  });
}

t.test('a follower that falls behind what is kept is told how many it missed', async (t) => {
  const { log, write } = await openLogs(t, 500);
  const handler = logHandlers(log).StreamLogs;
  const stop = new AbortController();
  const request = (async function* () {
    yield { service: '', level: '', follow: true };
  })();
  const entries = handler(request, { signal: stop.signal } as never)[Symbol.asyncIterator]();
  const first = entries.next();
  await write('m1');
  t.match((await first).value, { message: 'm1' });
  for (let i = 2; i <= 2000; i += 1) await write(`m${i}`);
  const seen: Array<string | undefined> = [];
  for (let next = await entries.next(); ; next = await entries.next()) {
    if (next.done === true) break;
    seen.push(next.value.message);
    if (next.value.message === 'm2000') stop.abort();
  }
  t.strictSame(seen, [
    '1499 log entries were dropped',
    ...Array.from({ length: 500 }, (_, i) => `m${i + 1501}`),
  ]);
});

t.test('the log writer stores lines, drops what a slow store cannot take, and says how many', async (t) => {
  const { log, lines } = recordingLog();
  const stored: string[] = [];
  let release: Array<() => void> = [];
  const slow: Pick<Log, 'append'> = {
    append: (data) =>
      new Promise((resolve) => {
        release.push(() => resolve(stored.push(JSON.parse(Buffer.from(data).toString()).message)));
      }),
  };
  const logWriter = openLogWriter({ log, store: slow as Log, maxWaiting: 10 });
  for (let i = 0; i < 25; i += 1) logWriter.logger.info({ n: i }, `m${i}`);
  t.equal(lines.length, 25, 'the process’s own log has them all');
  t.match(lines[24], { n: 24, msg: 'm24', level: 30 });
  const closing = logWriter.close();
  for (let round = 0; round < 3; round += 1) {
    for (const each of release.splice(0)) each();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await closing;
  t.strictSame(stored, [...Array.from({ length: 10 }, (_, i) => `m${i}`), '15 log entries were dropped']);
  release = [];
});

t.test('a store that fails is reported once, not for every line', async (t) => {
  const { log, lines } = recordingLog();
  const broken: Pick<Log, 'append'> = { append: () => Promise.reject(new Error('disk full')) };
  const logWriter = openLogWriter({ log, store: broken as Log });
  for (let i = 0; i < 50; i += 1) {
    logWriter.logger.warn(`m${i}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await logWriter.close();
  t.equal(lines.filter((line) => line.msg === 'log entries not stored').length, 1);
});

t.test('exceptions go to the process’s own log and not to those who read logs', async (t) => {
  const { log, lines } = recordingLog();
  const kept: string[] = [];
  const store: Pick<Log, 'append'> = {
    append: async (data) => kept.push(Buffer.from(data).toString()),
  };
  const logWriter = openLogWriter({ log, store: store as Log });
  logWriter.logger.error({ err: new Error('password 1234'), requestId: 'r1' }, 'call');
  await logWriter.close();
  t.match(lines[0], { level: 50, err: { message: 'password 1234', stack: String } });
  t.equal(kept.length, 1);
  t.notMatch(kept[0], /1234/);
  t.match(JSON.parse(kept[0] ?? ''), { level: 'ERROR', metadata: { requestId: 'r1' } });
});

t.test(
  'the core’s own lines are there, also after a restart, and following them does not feed itself',
  async (t) => {
    const dataDir = await temporaryFolder(t);
    const first = await startCore(t, { dataDir });
    await new Promise((resolve) => first.client.GetStockQuote({ symbol: 'AAPL' }, resolve));
    const { call, entries } = collect(first, { service: 'core', follow: true });
    const second = collect(first, { service: 'core', follow: true });
    await until(() => entries.length >= 2 && second.entries.length >= 2);
    t.match(entries.at(-1), {
      message: 'call',
      level: 'INFO',
      metadata: { method: 'streaming.StreamingService/GetStockQuote', code: 'OK', requestId: /./ },
    });
    const before = entries.length;
    second.call.cancel();
    await until(() => entries.length > before);
    await quiet();
    t.equal(entries.length, before + 1, 'one line for the follower that left, none about that line');
    call.cancel();
    await first.core.close();
    const again = await startCore(t, { dataDir });
    const { ending, messages, entries: later } = collect(again, {});
    t.equal((await ending).code, status.OK);
    t.ok(later.some((entry) => entry.metadata.method === 'streaming.StreamingService/GetStockQuote'));
    t.ok(messages().includes('core listening'));
  },
);
