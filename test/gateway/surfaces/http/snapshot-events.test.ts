import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { Alarm, CancelSource } from '../../../../gateway/async/index.js';
import { PlainReply } from '../../../../gateway/server/plain-reply.js';
import { sendSnapshots } from '../../../../gateway/surfaces/http/index.js';
import { cutRequest } from '../../../../gateway/surfaces/index.js';

const log = pino({ level: 'silent' });

/** A client that reads nothing, of a server that sends it looks of this size. */
async function open(t: Test, bytes: number, maxPauseMs: number) {
  const signal = new CancelSource();
  const over: Promise<unknown>[] = [];
  const server = createServer((request, response) => {
    const reply = new PlainReply(response, { id: '1', log: log as never });
    over.push(
      sendSnapshots(reply, {
        intervalMs: 5,
        limits: { highWaterBytes: 4_096, retryMs: 1_000, maxPauseMs },
        signal,
        now: () => 'x'.repeat(bytes),
        cut: () => cutRequest(request),
      }),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.on('error', () => {});
  socket.pause();
  await once(socket, 'connect');
  socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  await once(server, 'request');
  return { signal, socket, over };
}

const LARGE = 16 * 1024 * 1024;

t.test('a client that reads nothing is cut after a while, and nothing waits for it', async (t) => {
  const { over } = await open(t, LARGE, 50);
  await over[0];
  t.equal(Alarm.count, 0, 'nothing is left');
});

t.test('the end of the stream does not wait for it either', async (t) => {
  const { over, signal } = await open(t, LARGE, 600_000);
  signal.abort('draining');
  await over[0];
  t.equal(Alarm.count, 0, 'nothing is left');
});

t.test('a client that reads gets the time to come back', async (t) => {
  const { over, signal, socket } = await open(t, 10, 600_000);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (text.split('data: ').length > 3) signal.abort('draining');
  });
  socket.resume();
  await over[0];
  await once(socket, 'end').catch(() => undefined);
  t.match(text, /retry: \d+/);
});
