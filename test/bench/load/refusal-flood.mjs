import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';

const CONNECTIONS = 16;
/** Streams at once on each connection of HTTP/2. */
const STREAMS = 4;
const PATH = '/foreign.v1.Foreign/Ask';

/** So many requests in all over HTTP/1.1, each connection one after the other. */
export async function floodHttp1(port, request, count) {
  const { method = 'POST', path = PATH, host = 'localhost', headers = {}, body } = request;
  const fields = Object.entries({ ...headers, ...(body !== undefined && { 'content-length': body.length }) });
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const bytes = Buffer.from(
    `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n${lines}\r\n${body ?? ''}`,
    'latin1',
  );
  await Promise.all(
    Array.from({ length: CONNECTIONS }, () => {
      let left = Math.ceil(count / CONNECTIONS);
      const socket = connect(port, '127.0.0.1');
      return new Promise((resolve, reject) => {
        socket.on('error', reject);
        socket.on('close', () => reject(new Error('the connection was ended')));
        socket.on('data', (answer) => {
          // Each answer is one piece: it is written as one, and nothing follows before the next request.
          if (!answer.includes('HTTP/1.1')) return;
          left -= 1;
          if (left > 0) socket.write(bytes);
          else {
            resolve();
            socket.end();
          }
        });
        socket.write(bytes);
      });
    }),
  );
}

/** The same over HTTP/2, a few streams at once on each connection. */
export async function floodHttp2(port, request, count) {
  const { method = 'POST', path = PATH, headers = {}, body } = request;
  const head = { ':method': method, ':path': path, ':authority': 'localhost', ...headers };
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const client = connectHttp2(`http://127.0.0.1:${port}`);
      const each = Math.ceil(count / CONNECTIONS / STREAMS);
      await Promise.all(
        Array.from({ length: STREAMS }, async () => {
          for (let at = 0; at < each; at += 1) {
            await new Promise((resolve, reject) => {
              const stream = client.request(head, { endStream: body === undefined });
              stream.on('error', reject);
              stream.on('close', resolve);
              stream.resume();
              if (body !== undefined) stream.end(body);
            });
          }
        }),
      );
      client.close();
    }),
  );
}

/** Holds one exchange open, by a body that does not come whole. Resolves when it is; returns what lets it go. */
export async function holdOpen(port) {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  const head = `POST ${PATH} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n`;
  // It is told to go on when it has been let in.
  await new Promise((resolve) => {
    socket.once('data', resolve);
    socket.write(`${head}expect: 100-continue\r\n\r\n{`);
  });
  return () => socket.destroy();
}
