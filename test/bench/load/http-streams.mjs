// Streams over HTTP: one or many at once, counted until the end of the window.
import net from 'node:net';
import { measureWindow } from '../measure.mjs';
import { counters } from './counters.mjs';
import { createResponseReader } from './http-body.mjs';

/** Opens a stream and counts its messages. `failed` rejects when it ends, which none should before we are done. */
function openStream({ port, request, counter }) {
  const counting = counters[counter]();
  const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
  const failed = new Promise((_resolve, reject) => {
    const fail = (why) => reject(new Error(`the stream ${why} after ${counting.count()} messages`));
    const push = createResponseReader({
      onHead: (status, head) => {
        if (status !== 200) fail(`was refused:\n${head}\n`);
      },
      onBody: counting.push,
      onEnd: () => fail('ended'),
    });
    socket.on('data', push);
    socket.on('error', (reason) => fail(`broke (${reason.message})`));
    socket.on('close', () => fail('was closed'));
  });
  socket.write(
    Buffer.concat([Buffer.from(request.head, 'latin1'), Buffer.from(request.body ?? '', 'base64')]),
  );
  return { count: counting.count, failed };
}

/** `streams` of them; messages a second are those of all together. */
export async function loadHttpStreams(config) {
  const streams = Array.from({ length: config.streams }, () => openStream(config));
  const failed = Promise.race(streams.map((stream) => stream.failed));
  return await measureWindow({ ...config, failed }, () => streams.reduce((sum, one) => sum + one.count(), 0));
}
