import { getDefaultHighWaterMark } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import t from 'tap';
import { singleRequest } from '../../../grpc-core/rpc/index.js';
import { settled } from '../../support/http.js';
import { quiet } from '../../support/quiet.js';
import { until } from '../core-fixture.js';
import { serveHandlers, statusOf } from './rpc-fixture.js';

/** What a stream of Node holds, in KiB: 16 before Node 22, 64 from then on. */
const STREAM_KIB = getDefaultHighWaterMark(false) / 1024;

// The client reads 16 messages ahead and its HTTP/2 stream a stream's buffer, its window holds 64 KiB, the server's writer 64 KiB and one message.
for (const { size, most } of [
  { size: 1024, most: 16 + STREAM_KIB + 64 + 64 + 16 },
  { size: 65_536, most: 16 + 1 + 1 + 6 },
  { size: 1024 * 1024, most: 16 + 1 + 1 + 4 },
]) {
  t.test(`a reader that stops, stops a handler that yields ${size} bytes a message`, async (t) => {
    let yielded = 0;
    // When half has been read, the handler is at most that much further, and not at its end.
    const total = 2 * most + 100;
    const { client, calls } = await serveHandlers(t, {
      async *DownloadFile() {
        for (let i = 0; i < total; i += 1) {
          yielded += 1;
          yield { data: Buffer.alloc(size), chunk_number: i };
        }
      },
    });
    const call = client.DownloadFile({ file_path: 'x' });
    let received = 0;
    await new Promise<void>((resolve) => {
      call.once('data', () => {
        call.pause();
        received += 1;
        resolve();
      });
    });
    const stopped = await settled(() => yielded);
    t.ok(stopped <= most, `${stopped} yielded, at most ${most}`);
    for await (const chunk of call) {
      if (chunk.chunk_number !== received) t.fail(`chunk ${chunk.chunk_number} instead of ${received}`);
      received += 1;
      if (received === total / 2) break;
    }
    call.cancel();
    await until(() => calls.running === 0);
    t.ok(yielded < total, `${yielded} of ${total} yielded when half had been read`);
  });
}

t.test('a handler that does not read stops the sender, whatever the size of the messages', async (t) => {
  for (const { size, most } of [
    { size: 1024, most: 64 + 64 + 64 + 32 },
    // 64 KiB in the gate and one message more, the window, and what grpc-js has half assembled.
    { size: 1024 * 1024, most: 6 },
  ]) {
    let release = (): void => {};
    const { client, calls } = await serveHandlers(t, {
      async *UploadFile(chunks) {
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        let total = 0;
        for await (const chunk of chunks) total += chunk.data.byteLength;
        yield { total_bytes: total };
      },
    });
    let sent = 0;
    let accepted = 0;
    const answered = new Promise<string | undefined>((resolve, reject) => {
      const call = client.UploadFile((error, result) =>
        error ? reject(error) : resolve(result?.total_bytes),
      );
      const send = (): void => {
        if (sent === 200) return void call.end();
        sent += 1;
        call.write({ data: Buffer.alloc(size) }, () => {
          accepted += 1;
          send();
        });
      };
      send();
    });
    const stopped = await settled(() => accepted);
    t.ok(stopped <= most, `${stopped} of ${size} bytes accepted, at most ${most}`);
    release();
    t.equal(await answered, String(200 * size), 'all of it arrives in the end');
    await until(() => calls.running === 0);
  }
});

for (const [where, pausedReader] of [
  ['while it waits for something', false],
  ['while its reader is stalled', true],
] as const) {
  t.test(`a caller that leaves ends the handler ${where}`, async (t) => {
    let began = 0;
    let ended = 0;
    let aborted = 0;
    const { client, calls, lines } = await serveHandlers(t, {
      async *GetDataStream(_requests, { signal }) {
        began += 1;
        signal.addEventListener('abort', () => {
          aborted += 1;
        });
        try {
          yield { id: 1 };
          for (;;) {
            if (pausedReader) yield { id: 2, data: 'x'.repeat(10_000) };
            else if (signal.aborted) return;
            else await delay(10_000, undefined, { signal });
          }
        } finally {
          ended += 1;
        }
      },
    });
    const call = client.GetDataStream({});
    const ending = statusOf(call);
    await new Promise<void>((resolve) => {
      call.once('data', () => {
        if (pausedReader) call.pause();
        resolve();
      });
    });
    if (pausedReader) await quiet();
    call.cancel();
    t.equal((await ending).code, status.CANCELLED);
    await until(() => calls.running === 0);
    t.strictSame({ began, ended, aborted }, { began: 1, ended: 1, aborted: 1 });
    t.equal(lines.filter((line) => line.msg === 'call').length, 1);
    t.match(lines[0], { code: 'CANCELLED', method: 'streaming.StreamingService/GetDataStream' });
  });
}

t.test('requests and responses of a two-way call do not wait for each other', async (t) => {
  const { client, calls } = await serveHandlers(t, {
    async *Chat(messages) {
      for await (const { message } of messages) yield { message: message.toUpperCase() };
      yield { message: 'bye' };
    },
  });
  const call = client.Chat();
  const ending = statusOf(call);
  const heard: string[] = [];
  call.on('data', (message: { message: string }) => {
    heard.push(message.message);
    if (heard.length === 3) call.end();
    else if (heard.length < 3) call.write({ message: `m${heard.length}` });
  });
  call.write({ message: 'm0' });
  t.equal((await ending).code, status.OK);
  t.strictSame(heard, ['M0', 'M1', 'M2', 'bye']);
  await until(() => calls.running === 0);
});

t.test('a handler may end the call while requests still come', async (t) => {
  const { client, calls } = await serveHandlers(t, {
    async *Chat(messages) {
      for await (const { message } of messages) {
        yield { message };
        return;
      }
    },
  });
  const call = client.Chat();
  const ending = statusOf(call);
  call.on('data', () => {});
  for (let i = 0; i < 50; i += 1) call.write({ message: 'x'.repeat(1000) });
  t.equal((await ending).code, status.OK);
  await until(() => calls.running === 0);
});

t.test('many calls at once leave nothing behind', async (t) => {
  const { client, calls } = await serveHandlers(t, {
    async *GetStockQuote(requests) {
      yield { symbol: (await singleRequest(requests)).symbol };
    },
  });
  const symbols = await Promise.all(
    Array.from(
      { length: 500 },
      (_, i) =>
        new Promise((resolve, reject) => {
          client.GetStockQuote({ symbol: `S${i}` }, (error, quote) =>
            error ? reject(error) : resolve(quote?.symbol),
          );
        }),
    ),
  );
  t.strictSame(
    symbols,
    Array.from({ length: 500 }, (_, i) => `S${i}`),
  );
  await until(() => calls.running === 0);
});
