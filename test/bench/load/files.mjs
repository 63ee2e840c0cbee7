// A whole file down or up, once small to warm up and once in full. What is counted is bytes.
import net from 'node:net';
import { startMeasure } from '../measure.mjs';
import { fileBytes } from '../samples.mjs';
import { createResponseReader } from './http-body.mjs';

const BLOCK_BYTES = 256 * 1024;

/** One exchange on a connection of its own; resolves with the bytes of the response's body. */
function exchange(port, head, writeBody) {
  return new Promise((resolve, reject) => {
    let received = 0;
    const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
    socket.on(
      'data',
      createResponseReader({
        onHead: (status, text) => {
          if (status !== 200) reject(new Error(`refused:\n${text}`));
        },
        onBody: (_buffer, start, end) => {
          received += end - start;
        },
        onEnd: () => {
          socket.destroy();
          resolve(received);
        },
      }),
    );
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`the transfer broke after ${received} bytes`)));
    socket.write(head);
    writeBody(socket);
  });
}

async function measured(config, transfer) {
  await transfer(config.warmBytes);
  const measure = startMeasure(config);
  await transfer(config.bytes);
  return { count: config.bytes, ...measure.stop() };
}

export async function loadDownload(config) {
  return await measured(config, async (bytes) => {
    const head = `GET ${config.path.replace('{bytes}', bytes)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;
    const received = await exchange(config.port, head, () => {});
    if (received !== bytes) throw new Error(`${received} bytes came, not ${bytes}`);
  });
}

export async function loadUpload(config) {
  return await measured(config, async (bytes) => {
    const head =
      `PUT ${config.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\n` +
      `Content-Length: ${bytes}\r\n\r\n`;
    await exchange(config.port, head, (socket) => {
      let sent = 0;
      const more = () => {
        while (sent < bytes) {
          const block = fileBytes(sent, Math.min(BLOCK_BYTES, bytes - sent));
          sent += block.length;
          if (!socket.write(block)) {
            socket.once('drain', more);
            return;
          }
        }
      };
      more();
    });
  });
}
