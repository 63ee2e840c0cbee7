import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import Fastify from 'fastify';
import t from 'tap';
import { websocketPlugin } from '../../../gateway/server/websocket-plugin.js';

t.test(
  'a response is watched for its end only where a handshake was refused, and that ends the connection',
  async (t) => {
    const app = Fastify();
    t.teardown(() => app.close());
    await app.register(websocketPlugin, {});
    const watchers: number[] = [];
    app.get('/', (request, reply) => {
      watchers.push(reply.raw.listenerCount('finish'));
      reply.send(String(request.ws));
    });
    app.addHook('onRequest', (request, reply, done) => {
      if (!request.ws) return done();
      watchers.push(reply.raw.listenerCount('finish'));
      reply.code(403).send('no');
    });
    const plain = Fastify();
    t.teardown(() => plain.close());
    let usual = -1;
    plain.get('/', (_request, reply) => {
      usual = reply.raw.listenerCount('finish');
      reply.send('');
    });
    await plain.listen({ host: '127.0.0.1', port: 0 });
    await app.listen({ host: '127.0.0.1', port: 0 });
    await fetch(`http://127.0.0.1:${(plain.server.address() as AddressInfo).port}/`);
    const { port } = app.server.address() as AddressInfo;
    t.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'false');
    t.same(watchers, [usual], 'as where there is no plugin');

    const socket = net.connect(port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('utf8').on('data', (text) => {
      answer += text;
    });
    socket.write(
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    await once(socket, 'close');
    t.match(answer, /^HTTP\/1\.1 403 [\s\S]*no$/);
    t.ok((watchers[1] ?? 0) > 0);
  },
);
