import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { ResetGauge } from '../../../../../gateway/upstream/http2/pool/reset-gauge.js';
import { openHttp2Transport } from '../../../../../gateway/upstream/index.js';

t.test('many resets at once count, a few all the time do not', async (t) => {
  const burst = new ResetGauge(0);
  let count = 0;
  while (!burst.add(0)) count += 1;
  t.ok(count >= 300 && count < 1_000, `${count}`);
  const steady = new ResetGauge(0);
  let tooMany = false;
  for (let n = 1; n < 100_000; n += 1) tooMany ||= steady.add(n * 60);
  t.notOk(tooMany);
});

t.test('callers that leave all the time do not cost a neighbour its call', async (t) => {
  // Node's own limits: 1000 resets at once, then 33 a second.
  const server = createServer();
  let sessions = 0;
  server.on('session', (session) => {
    sessions += 1;
    session.on('error', () => {});
  });
  server.on('stream', (stream) => {
    stream.on('error', () => {});
    stream.resume();
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const transport = openHttp2Transport({ target: `127.0.0.1:${(server.address() as AddressInfo).port}` });
  t.teardown(() => transport.close());
  const open = () => transport.open('/a.B/C', { metadata: [], signal: new AbortController().signal });
  const neighbour = open();
  let neighbourOver = false;
  void neighbour.status.then(() => {
    neighbourOver = true;
  });
  await neighbour.headers;
  let refused = 0;
  const leaveOften = async () => {
    for (let n = 0; n < 100; n += 1) {
      const call = open();
      if ((await call.headers) === undefined) refused += 1;
      call.cancel();
      await call.status;
    }
  };
  await Promise.all(Array.from({ length: 25 }, leaveOften));
  t.equal(refused, 0);
  t.notOk(neighbourOver);
  t.ok(sessions > 1, `${sessions} connections were used`);
  neighbour.cancel();
});
