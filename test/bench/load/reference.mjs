// R: a bare grpc-js client in place of a gateway. It moves the same bytes to or from the same upstream, decodes
// nothing and serves nobody. What it costs is the floor of everything that is built on grpc-js.
import grpc from '@grpc/grpc-js';
import { measureBatch, measureWindow, nowS, startMeasure } from '../measure.mjs';
import { fileBytes, SERVICE } from '../samples.mjs';
import { percentiles } from './unary.mjs';

const identity = (bytes) => bytes;
const UPLOAD_CHUNK_BYTES = 64 * 1024;
/** So many different ones, in turn. */
const UPLOAD_CHUNKS = 16;

function connect(config) {
  return new grpc.Client(`127.0.0.1:${config.upstreamPort}`, grpc.credentials.createInsecure());
}

const pathOf = (config) => `/${SERVICE}/${config.method}`;

/** Rejects when the call ends: none should before we are done. */
function failure(call) {
  return new Promise((_resolve, reject) => {
    call.on('error', reject);
    call.on('end', () => reject(new Error('the reference call ended')));
  });
}

async function receive(config) {
  const client = connect(config);
  let count = 0;
  const calls = Array.from({ length: config.streams ?? 1 }, () => {
    const call = client.makeServerStreamRequest(pathOf(config), identity, identity, config.request);
    call.on('data', () => {
      count += 1;
    });
    return failure(call);
  });
  return await measureWindow({ ...config, failed: Promise.race(calls) }, () => count);
}

async function send(config) {
  const client = connect(config);
  const { samples } = config;
  return await measureBatch(config, (atLeast) => {
    return new Promise((resolve, reject) => {
      const call = client.makeClientStreamRequest(pathOf(config), identity, identity, (error) =>
        error ? reject(error) : resolve(atLeast),
      );
      let sent = 0;
      const more = () => {
        while (sent < atLeast) {
          if (!call.write(samples[sent++ % samples.length])) {
            call.once('drain', more);
            return;
          }
        }
        call.end();
      };
      more();
    });
  });
}

async function echo(config) {
  const call = connect(config).makeBidiStreamRequest(pathOf(config), identity, identity);
  const failed = failure(call);
  let count = 0;
  let next = 0;
  const write = () => call.write(config.samples[next++ % config.samples.length]);
  call.on('data', () => {
    count += 1;
    write();
  });
  for (let index = 0; index < config.inFlight; index += 1) write();
  return await measureWindow({ ...config, failed }, () => count);
}

async function unary(config) {
  const client = connect(config);
  let count = 0;
  let latencies = [];
  const failed = new Promise((_resolve, reject) => {
    const send = () => {
      const sentAt = nowS();
      client.makeUnaryRequest(pathOf(config), identity, identity, config.request, (error) => {
        if (error) {
          reject(error);
          return;
        }
        count += 1;
        latencies.push((nowS() - sentAt) * 1e3);
        send();
      });
    };
    for (let index = 0; index < config.connections; index += 1) send();
  });
  const spent = await measureWindow(
    { ...config, warmCount: config.warmCalls, failed },
    () => count,
    () => {
      latencies = [];
    },
  );
  return { ...spent, ...percentiles(latencies) };
}

async function measuredFile(config, transfer) {
  await transfer(config.warmRequest, config.warmBytes);
  const measure = startMeasure(config);
  await transfer(config.request, config.bytes);
  return { count: config.bytes, ...measure.stop() };
}

async function download(config) {
  const client = connect(config);
  return await measuredFile(config, async (request, bytes) => {
    let received = 0;
    for await (const chunk of client.makeServerStreamRequest(pathOf(config), identity, identity, request)) {
      received += chunk.length;
    }
    if (received < bytes) throw new Error(`the reference got ${received} bytes, not ${bytes}`);
  });
}

/** A `FileChunk`: its first field is the data. */
function chunkOf(data) {
  const head = [0x0a];
  let length = data.length;
  for (; length > 0x7f; length >>>= 7) head.push((length & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([...head, length]), data]);
}

/** The chunks are made before the clock runs: R is what sending costs. */
async function upload(config) {
  const client = connect(config);
  const whole = Array.from({ length: UPLOAD_CHUNKS }, (_, at) =>
    chunkOf(fileBytes(at * UPLOAD_CHUNK_BYTES, UPLOAD_CHUNK_BYTES)),
  );
  return await measuredFile(config, (_request, bytes) => {
    return new Promise((resolve, reject) => {
      const call = client.makeClientStreamRequest(pathOf(config), identity, identity, (error) =>
        error ? reject(error) : resolve(),
      );
      let sent = 0;
      const more = () => {
        while (sent < bytes) {
          const length = Math.min(UPLOAD_CHUNK_BYTES, bytes - sent);
          const chunk =
            length < UPLOAD_CHUNK_BYTES
              ? chunkOf(fileBytes(sent, length))
              : whole[(sent / UPLOAD_CHUNK_BYTES) % UPLOAD_CHUNKS];
          sent += length;
          if (!call.write(chunk)) {
            call.once('drain', more);
            return;
          }
        }
        call.end();
      };
      more();
    });
  });
}

/** By the load that the gateways of the same row get. */
export const references = {
  'http-streams': receive,
  'socket-receive': receive,
  'socket-send': send,
  'socket-echo': echo,
  unary,
  download,
  upload,
};
