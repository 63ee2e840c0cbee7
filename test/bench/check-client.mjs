// Clients of the check: they keep everything, where those of the measurement only count.
import net from 'node:net';
import { createResponseReader } from './load/http-body.mjs';

const LIMIT_MS = 20_000;

/** Sends one request, as the load does, and resolves with the whole body of a 200. */
export function gather(port, request) {
  return new Promise((resolve, reject) => {
    const parts = [];
    const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
    socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error('no answer')));
    socket.on(
      'data',
      createResponseReader({
        onHead: (status, head) => {
          if (status !== 200) reject(new Error(head));
        },
        onBody: (buffer, start, end) => parts.push(Buffer.from(buffer.subarray(start, end))),
        onEnd: () => {
          resolve({ body: Buffer.concat(parts) });
          socket.destroy();
        },
      }),
    );
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the response broke')));
    socket.write(Buffer.from(request.head, 'latin1'));
    socket.write(Buffer.from(request.body ?? '', 'base64'));
  });
}

/** Sends frames over a WebSocket and resolves with those that came, once it was closed as it should be. */
export function exchange(WebSocket, port, path, frames) {
  return new Promise((resolve, reject) => {
    const arrived = [];
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
    const timer = setTimeout(() => socket.terminate(), LIMIT_MS);
    socket.on('open', () => {
      for (const frame of frames) socket.send(frame);
    });
    socket.on('message', (frame) => arrived.push(frame));
    socket.on('error', reject);
    socket.on('close', (code, reason) => {
      clearTimeout(timer);
      if (code === 1000) resolve(arrived);
      else reject(new Error(`closed with ${code} ${reason}`));
    });
  });
}
