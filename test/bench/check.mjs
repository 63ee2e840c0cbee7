// Before anything is measured: does every gateway say the right thing? A thousand messages over each surface are
// compared with what @bufbuild/protobuf prints, a file byte by byte. A wrong gateway is not worth a number.
import { isDeepStrictEqual } from 'node:util';
import { fromBinary, fromJson, toJson } from '@bufbuild/protobuf';
import WebSocket from 'ws';
import { exchange, gather } from './check-client.mjs';
import { openCollector } from './check-collector.mjs';
import { startUpstream } from './round.mjs';
import { createGroups } from './rows.mjs';
import { fileBytes, makeJsonSamples, spellForProtoLoader } from './samples.mjs';

const MESSAGES = 1_000;
/** Not a multiple of anything. */
const FILE_BYTES = 3 * 1024 * 1024 + 12_345;
const CHUNK_BYTES = 256 * 1024;
const LIMIT_MS = 60_000;

/** Throws an Error that shows the first difference. */
function same(found, expected) {
  const length = Math.max(found.length, expected.length);
  for (let index = 0; index < length; index += 1) {
    if (isDeepStrictEqual(found[index], expected[index])) continue;
    const show = (value) => JSON.stringify(value) ?? 'nothing';
    throw new Error(`message ${index}: ${show(found[index])} where ${show(expected[index])} is right`);
  }
}

function sameBytes(found, expected) {
  if (found.equals(expected)) return;
  throw new Error(`${found.length} bytes came, ${expected.length} are right, and they differ`);
}

/** A file cut into the chunks that the upstream sends, or the load. */
function wholeFile(bytes) {
  const chunks = [];
  for (let offset = 0; offset < bytes; offset += CHUNK_BYTES) {
    chunks.push(fileBytes(offset, Math.min(CHUNK_BYTES, bytes - offset)));
  }
  return Buffer.concat(chunks);
}

/** The messages of a body, by how a row counts them. */
const READERS = {
  ndjson: (body) =>
    body
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  sse: (body) =>
    body
      .toString()
      .split('\n\n')
      .filter((event) => !event.startsWith('event: '))
      .flatMap((event) => event.split('\n').filter((line) => line.startsWith('data: ')))
      .map((line) => JSON.parse(line.slice('data: '.length))),
  envelope(body) {
    const END_OF_STREAM = 2;
    const messages = [];
    for (let at = 0; at < body.length; ) {
      const end = at + 5 + body.readUInt32BE(at + 1);
      if (!(body[at] & END_OF_STREAM)) messages.push(JSON.parse(body.subarray(at + 5, end)));
      at = end;
    }
    return messages;
  },
};

/** By the load of a row: `(port, load, context)`, which throws when something is wrong. */
const CHECKS = {
  async 'http-streams'({ port, load, expect, unwrap }) {
    const { body } = await gather(port, load.request);
    same(READERS[load.counter](body).map(unwrap), expect('StockPrice'));
  },
  async unary({ port, load, expect }) {
    const { body } = await gather(port, load.request);
    same([JSON.parse(body)], expect('StockPrice').slice(0, 1));
  },
  async 'socket-receive'({ port, load, expect, types }) {
    const request = Buffer.from(load.message, 'base64');
    const frames = await exchange(WebSocket, port, load.path, [
      load.frame === 'text' ? String(request) : request,
    ]);
    const type = types('StockPrice');
    const read =
      load.frame === 'text' ? (frame) => JSON.parse(frame) : (frame) => toJson(type, fromBinary(type, frame));
    // Binary is protobuf's own spelling, whoever passes it on.
    same(frames.map(read), load.frame === 'text' ? expect('StockPrice') : expect('StockPrice', 'canonical'));
  },
  async 'socket-echo'({ port, load, expect }) {
    const messages = expect('ChatMessage').map((value) => JSON.stringify(value));
    const frames = await exchange(WebSocket, port, load.path, [...messages, '']);
    same(
      frames.map((frame) => JSON.parse(frame)),
      expect('ChatMessage'),
    );
  },
  async 'socket-send'({ port, load, expect, types, collector }) {
    const messages = expect('SensorData').map((value) => JSON.stringify(value));
    await exchange(WebSocket, port, load.path, [...messages, '']);
    const type = types('SensorData');
    const arrived = collector.take('CollectSensorData').map((wire) => toJson(type, fromBinary(type, wire)));
    same(arrived, expect('SensorData', 'canonical'));
  },
  async download({ port, load }) {
    const head = `GET ${load.path.replace('{bytes}', FILE_BYTES)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;
    sameBytes((await gather(port, { head })).body, wholeFile(FILE_BYTES));
  },
  async upload({ port, load, types, collector }) {
    const file = wholeFile(FILE_BYTES);
    const head =
      `PUT ${load.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\n` +
      `Content-Length: ${file.length}\r\n\r\n`;
    const { body } = await gather(port, { head, body: file.toString('base64') });
    fromJson(types('UploadResult'), JSON.parse(body));
    const chunks = collector.take('UploadFile').map((wire) => fromBinary(types('FileChunk'), wire));
    if (chunks[0]?.filePath !== 'bench') throw new Error(`file_path is ${chunks[0]?.filePath}`);
    sameBytes(Buffer.concat(chunks.map((chunk) => chunk.data)), file);
  },
};

/** What goes to the service is collected and looked at; what comes from it is the benchmark's own upstream. */
const COLLECTED = ['socket-send', 'upload'];
/** The plain file pipe speaks no gRPC and serves another file. */
const UNCHECKED = ['file-pipe-64', 'file-pipe-256', 'body-null', 'body-socket'];

/** A pace, or one message at a time, is nothing that a check needs. */
const checkUpstream = ([file, role]) => (file === 'grpc-js.mjs' ? ['batched.mjs', 'stocks'] : [file, role]);

async function checkOne(context, contender, upstreamPort) {
  const gateway = await contender.start(upstreamPort, LIMIT_MS);
  try {
    await CHECKS[context.load.load]({ ...context, port: gateway.port });
  } catch (reason) {
    throw new Error(`${context.what}: ${reason.message}\n${gateway.complaint()}`, { cause: reason });
  } finally {
    await gateway.stop();
  }
}

/** Checks every contender on every surface of the chosen groups; throws at the first that is wrong. */
export async function checkAll(groups, contenders, { types, descriptorSet, go }, note) {
  const short = createGroups(types, {
    fileBytes: FILE_BYTES,
    warmFileBytes: FILE_BYTES,
    messages: MESSAGES,
    go: go.missing === undefined,
  });
  const spelled = { canonical: (value) => value, 'proto-loader': spellForProtoLoader };
  const collector = await openCollector(types);
  const done = new Set();
  try {
    for (const group of groups) {
      for (const row of group.rows) {
        // Neither have cold starts and idle clients; and latency has no surface that another row has not, but the session; the load looks at how its calls end.
        if (group.table !== undefined) continue;
        const own = short.find(({ name }) => name === group.name).rows.find(({ name }) => name === row.name);
        for (const contender of contenders) {
          if (!row.contenders.includes(contender.kind) || UNCHECKED.includes(contender.kind)) continue;
          const load = own.loads[contender.kind] ?? own.loads['*'];
          // The same surface in another group, behind another upstream, is the same promise.
          const key = JSON.stringify([contender.name, { ...load, streams: 1, connections: 1 }]);
          if (done.has(key)) continue;
          done.add(key);
          const context = {
            load,
            types,
            collector,
            what: `${contender.name}, ${row.name}`,
            unwrap:
              contender.kind === 'go' && load.counter === 'ndjson'
                ? ({ result }) => result
                : (value) => value,
            expect: (type, dialect = contender.dialect) =>
              makeJsonSamples(types, type, MESSAGES).map(spelled[dialect]),
          };
          if (COLLECTED.includes(load.load)) {
            await checkOne(context, contender, collector.port);
            continue;
          }
          const upstream = await startUpstream(checkUpstream(group.upstream), {
            go,
            descriptorSet,
            limitMs: LIMIT_MS,
          });
          try {
            await checkOne(context, contender, upstream.port);
          } finally {
            await upstream.stop();
          }
        }
      }
    }
  } finally {
    await collector.close();
  }
  note(`checked: ${done.size} pairs of gateway and surface give what @bufbuild/protobuf gives`);
}
