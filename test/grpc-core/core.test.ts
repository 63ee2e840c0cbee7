import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import t from 'tap';
import { startCore } from './core-fixture.js';

t.test('a fresh core answers a quote, a stream, a download and an upload', async (t) => {
  const { client, dataDir, lines, core } = await startCore(t);
  const quote = await new Promise((resolve, reject) => {
    client.GetStockQuote({ symbol: 'AAPL' }, (error, value) => (error ? reject(error) : resolve(value)));
  });
  t.match(quote, { symbol: 'AAPL', price: Number });

  const stream = client.GetDataStream({ start_from_id: 0 });
  stream.on('error', () => {});
  const ids: number[] = [];
  for await (const item of stream) {
    ids.push(item.id);
    if (ids.length === 1005) break;
  }
  stream.cancel();
  t.strictSame(
    ids,
    Array.from({ length: 1005 }, (_, i) => i + 1),
  );

  await writeFile(join(dataDir, 'hello.txt'), 'hello');
  const chunks = [];
  for await (const chunk of client.DownloadFile({ file_path: 'hello.txt' })) chunks.push(chunk);
  t.equal(Buffer.concat(chunks.map((c) => c.data)).toString(), 'hello');
  t.equal(chunks.at(-1)?.is_last, true);

  const result = await new Promise((resolve, reject) => {
    const call = client.UploadFile((error, value) => (error ? reject(error) : resolve(value)));
    call.write({ data: Buffer.from('abc'), file_path: 'a/b.txt' });
    call.end();
  });
  t.match(result, { file_id: 'a/b.txt', total_bytes: '3' });
  await t.rejects(
    new Promise((resolve, reject) => {
      client.GetStockQuote({ symbol: '' }, (error, value) => (error ? reject(error) : resolve(value)));
    }),
    { code: status.INVALID_ARGUMENT, details: 'symbol: must not be empty' },
  );
  await core.close();
  t.match(
    lines.find((line) => line.msg === 'call'),
    { code: 'OK', method: 'streaming.StreamingService/GetStockQuote' },
  );
});
