// Unary calls over kept-alive HTTP/1.1 connections, one request at a time on each.
import net from 'node:net';
import { measureWindow, nowS } from '../measure.mjs';
import { createResponseReader } from './http-body.mjs';

/** p50 and p99 of latencies in milliseconds. */
export function percentiles(latenciesMs) {
  const sorted = Float64Array.from(latenciesMs).sort();
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}

export async function loadUnary(config) {
  let count = 0;
  let latencies = [];
  let fail;
  const failed = new Promise((_resolve, reject) => {
    fail = (why) => reject(new Error(`a unary call ${why}`));
  });
  const request = Buffer.from(config.request.head, 'latin1');
  const bytes = Buffer.concat([request, Buffer.from(config.request.body, 'base64')]);
  for (let index = 0; index < config.connections; index += 1) {
    const socket = net.connect({ host: '127.0.0.1', port: config.port, noDelay: true });
    let sentAt;
    const send = () => {
      sentAt = nowS();
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
          count += 1;
          latencies.push((nowS() - sentAt) * 1e3);
          send();
        },
      }),
    );
    socket.on('error', (reason) => fail(`broke (${reason.message})`));
    socket.on('close', () => fail('lost its connection'));
    send();
  }
  const spent = await measureWindow(
    { ...config, warmCount: config.warmCalls, failed },
    () => count,
    () => {
      latencies = [];
    },
  );
  return { ...spent, ...percentiles(latencies) };
}
