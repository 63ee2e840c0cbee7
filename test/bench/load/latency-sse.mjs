// Messages of slow server streams: SSE through the gateway, gRPC without it. The service sends each at its time and writes into
// it when it was due (upstream/clocked.mjs).
import net from 'node:net';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { loadTypes, SERVICE } from '../samples.mjs';
import { openH2 } from './h2-client.mjs';
import { createResponseReader } from './http-body.mjs';
import { halfLoadByCost, Recorder, runReceived } from './latency.mjs';

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const STREAMS = 50;
/** The first rate, from which the cost of a message is known. */
const FIRST_PER_SECOND = 1_000;
const US_IN_MS = 1e3;

function openEvents({ port, path }, onDue, fail) {
  const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
  let rest = '';
  const onBody = (buffer, start, end) => {
    const lines = (rest + buffer.latin1Slice(start, end)).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      const found = /^data: .*"volume": ?"(\d+)"/.exec(line);
      if (found !== null) onDue(Number(found[1]) / US_IN_MS);
    }
  };
  const onHead = (status, head) => {
    if (status !== 200) fail(`was refused:\n${head}`);
  };
  socket.on('data', createResponseReader({ onHead, onBody, onEnd: () => fail('ended') }));
  socket.on('error', (reason) => fail(`broke (${reason.message})`));
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n`);
  return socket;
}

/** Opens all streams of both ways at a rate for each way; `onDue` gets the time of each message. */
function openStreams(config, perSecond, onDue) {
  let fail;
  const broken = new Promise((_resolve, reject) => {
    fail = (why) => reject(new Error(`a stream ${why}`));
  });
  const rate = Math.round(perSecond);
  const path = `/${SERVICE}/GetStockPrices?symbols=gateway&intervalSeconds=${rate}`;
  const sockets = Array.from({ length: STREAMS }, () => openEvents({ port: config.port, path }, onDue, fail));
  const direct = openH2(config.upstreamPort);
  const types = loadTypes(config.descriptorSet);
  const type = types('StockRequest');
  const request = Buffer.from(toBinary(type, create(type, { symbols: ['direct'], intervalSeconds: rate })));
  const onMessage = (bytes) => onDue(Number(fromBinary(types('StockPrice'), bytes).volume) / US_IN_MS);
  for (let index = 0; index < STREAMS; index += 1) {
    direct.open(`/${SERVICE}/GetStockPrices`, { onMessage, onEnd: () => fail('ended') }).write(request, true);
  }
  const close = () => {
    for (const socket of sockets) socket.destroy();
    direct.close();
  };
  return { failed: Promise.race([broken, direct.failed]), close };
}

export async function latencySse(config) {
  let count = 0;
  const first = openStreams(config, FIRST_PER_SECOND, () => {
    count += 1;
  });
  await Promise.race([wait(config.warmMs), first.failed]);
  const cost = halfLoadByCost(config, async (ms) => {
    const before = count;
    await wait(ms);
    // The other half came without the gateway.
    return (count - before) / 2;
  });
  const perSecond = await Promise.race([cost, first.failed]);
  first.close();
  const recorder = new Recorder();
  const second = openStreams(config, perSecond, (dueMs) => recorder.arrived(dueMs));
  return await runReceived(config, { perSecond, recorder, failed: second.failed });
}
