// Unary calls: HTTP requests through the gateway, gRPC calls without it.
import net from 'node:net';
import { SERVICE } from '../samples.mjs';
import { openH2 } from './h2-client.mjs';
import { createResponseReader } from './http-body.mjs';
import { DIRECT, GATEWAY, halfLoad, runOpenLoop, WIDTH } from './latency.mjs';

/** Kept-alive connections with one request at a time on each: `{ call(done), failed }`. Who finds none free waits, and the wait counts. */
function openPool(port, request) {
  const free = [];
  const waiting = [];
  const bytes = Buffer.concat([Buffer.from(request.head, 'latin1'), Buffer.from(request.body, 'base64')]);
  let fail;
  const failed = new Promise((_resolve, reject) => {
    fail = (why) => reject(new Error(`a call ${why}`));
  });
  function openConnection() {
    const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
    let answered;
    const send = (done) => {
      answered = done;
      socket.write(bytes);
    };
    socket.on(
      'data',
      createResponseReader({
        onHead: (status, head) => {
          if (status !== 200) fail(`was refused:\n${head}`);
        },
        onBody: () => {},
        onEnd: () => {
          const done = answered;
          const next = waiting.shift();
          if (next === undefined) free.push(send);
          else send(next);
          done();
        },
      }),
    );
    socket.on('error', (reason) => fail(`broke (${reason.message})`));
    socket.on('close', () => fail('lost its connection'));
    free.push(send);
  }
  for (let index = 0; index < WIDTH; index += 1) openConnection();
  const call = (done) => {
    const send = free.pop();
    if (send === undefined) waiting.push(done);
    else send(done);
  };
  return { call, failed };
}

export async function latencyUnary(config) {
  const pool = openPool(config.port, config.request);
  const direct = openH2(config.upstreamPort);
  const message = Buffer.from(config.wireRequest, 'base64');
  const failed = Promise.race([pool.failed, direct.failed]);
  const path = `/${SERVICE}/GetStockQuote`;
  const ways = [];
  ways[GATEWAY] = pool.call;
  ways[DIRECT] = (done) => direct.open(path, { onEnd: done }).write(message, true);
  const perSecond = await Promise.race([halfLoad(config, pool.call), failed]);
  return await runOpenLoop(config, { perSecond, ways, failed });
}
