// What is measured: the table's groups and rows. The rows of a group share an upstream and a reference, so the
// reference runs once a round for all of them.
import { create, toBinary } from '@bufbuild/protobuf';
import { startGroup } from './cold-start.mjs';
import { fanOutGroup } from './fan-out.mjs';
import { idleGroup } from './idle.mjs';
import { latencyGroups } from './latency-rows.mjs';
import { SERVICE } from './samples.mjs';

/** As good as endless; the field that says how many are wanted is an int32. */
const ENDLESS = 2_000_000_000;
const SLOW_STREAMS = 200;
const IN_FLIGHT = 256;
const CHUNK_BYTES = 256 * 1024;
const DOWNLOAD_PATH = `/v1/files/{bytes}?chunkSize=${CHUNK_BYTES}`;
const UPLOAD_PATH = '/v1/files/bench';

const base64 = (bytes) => Buffer.from(bytes).toString('base64');
const jsonBase64 = (value) => base64(Buffer.from(JSON.stringify(value)));

/** Kinds of contenders, see contenders.mjs. */
const GATEWAYS = ['sluice', 'hand-written'];
const WITH_GO = [...GATEWAYS, 'go'];
const WITH_CONNECT = [...WITH_GO, 'connect'];
/** Sluice with a line of log for each call, as it does by default; all others are measured without. */
const LOGGING = ['log-on'];
/** What a unary call costs when nobody is asked. */
const CONSTANTS = ['constant-fastify', 'constant-node'];

/** `GET` of a server stream, for whoever speaks `Accept`. */
function streamLoad(counter, accept, messages, streams = 1) {
  const path = `/${SERVICE}/GetStockPrices?symbols=AAPL&intervalSeconds=${messages}`;
  const head = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: ${accept}\r\n\r\n`;
  return { load: 'http-streams', streams, counter, request: { head } };
}

/** The same for Connect, whose streams have envelopes and are asked for with `POST`. `wire`: the request as base64 of protobuf, and so are the answers then. */
function connectStreamLoad(messages, streams = 1, wire = undefined) {
  const message = Buffer.from(
    wire === undefined ? JSON.stringify({ symbols: ['AAPL'], intervalSeconds: messages }) : wire,
    wire === undefined ? 'utf8' : 'base64',
  );
  const envelope = Buffer.alloc(5);
  envelope.writeUInt32BE(message.length, 1);
  const head =
    `POST /${SERVICE}/GetStockPrices HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/connect+${wire === undefined ? 'json' : 'proto'}\r\n` +
    `Connect-Protocol-Version: 1\r\nContent-Length: ${message.length + 5}\r\n\r\n`;
  const body = base64(Buffer.concat([envelope, message]));
  return { load: 'http-streams', streams, counter: 'envelope', request: { head, body } };
}

/** The same for gRPC-Web, which passes the service's own bytes. */
function webStreamLoad(wire) {
  const message = Buffer.from(wire, 'base64');
  const frame = Buffer.concat([Buffer.alloc(5), message]);
  frame.writeUInt32BE(message.length, 1);
  const head =
    `POST /${SERVICE}/GetStockPrices HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/grpc-web+proto\r\n` +
    `Content-Length: ${frame.length}\r\n\r\n`;
  return { load: 'http-streams', streams: 1, counter: 'envelope', request: { head, body: base64(frame) } };
}

/** `POST` of JSON at the gRPC path, which everybody here understands. */
function postLoad(connections) {
  const body = JSON.stringify({ symbol: 'AAPL' });
  const head =
    `POST /${SERVICE}/GetStockQuote HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${body.length}\r\n\r\n`;
  return { load: 'unary', connections, request: { head, body: base64(Buffer.from(body)) } };
}

/** `GET` at the path that google.api.http gives; Connect has none. */
function getLoad(connections) {
  const head = 'GET /v1/stocks/AAPL HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
  return { load: 'unary', connections, request: { head, body: '' } };
}

/** The rows of unary calls; the upstream is a grpc-go server, or frames by hand where there is no Go. */
function unaryGroup(connections, { go, wireRequest }) {
  const row = (verb, contenders, load) => ({
    name: `${verb}-${connections}`,
    label: `unary ${verb.toUpperCase()}, ${connections} connection${connections === 1 ? '' : 's'}`,
    title: `${verb.toUpperCase()}, JSON`,
    contenders,
    loads: { '*': load },
    // At most Go's, and a third of the hand-written one's.
    reach: { go: 1, 'hand-written': 0.333 },
  });
  return {
    name: `unary-${connections}`,
    title:
      `Unary, ${connections} connection${connections === 1 ? '' : 's'}; ` +
      `the upstream is ${go ? 'grpc-go' : 'frames by hand'} (R: grpc-js unary calls)`,
    unit: 'call',
    upstream: go ? ['go', 'quote'] : ['batched.mjs', 'quote'],
    reference: { load: 'unary', method: 'GetStockQuote', connections, wireRequest },
    rows: [
      row('get', [...WITH_GO, ...LOGGING, ...CONSTANTS], getLoad(connections)),
      row('post', [...WITH_CONNECT, ...LOGGING, ...CONSTANTS], postLoad(connections)),
    ],
  };
}

/**
 * The groups. `reference` is what R does; a row's `loads` say what each contender gets, '*' being everyone without a
 * line of its own. `unit` is what the numbers count, `messages` how many a server stream is asked for, `go` whether
 * the peers in Go are there.
 */
export function createGroups(types, { fileBytes, warmFileBytes, messages = ENDLESS, go }) {
  const wire = (name, fields) => base64(toBinary(types(name), create(types(name), fields)));
  const stocks = wire('StockRequest', { symbols: ['AAPL'], intervalSeconds: messages });
  const stocksJson = jsonBase64({ symbols: ['AAPL'], intervalSeconds: messages });
  const receive = { load: 'http-streams', method: 'GetStockPrices', wireRequest: stocks };
  const socketLoad = (frame, message) => ({
    load: 'socket-receive',
    path: `/${SERVICE}/GetStockPrices`,
    frame,
    message,
  });
  const file = (bytes) => wire('FileRequest', { filePath: String(bytes), chunkSize: CHUNK_BYTES });
  const sizes = { bytes: fileBytes, warmBytes: warmFileBytes };

  const sse = { '*': streamLoad('sse', 'text/event-stream', messages), connect: connectStreamLoad(messages) };
  const ndjson = { '*': streamLoad('ndjson', 'application/x-ndjson', messages) };
  const text = { '*': socketLoad('text', stocksJson) };
  const binary = { '*': socketLoad('binary', stocks) };

  return [
    {
      name: 'batched',
      title: 'One server stream, saturated; the upstream sends large writes',
      unit: 'message',
      upstream: ['batched.mjs', 'stocks'],
      reference: receive,
      rows: [
        {
          name: 'sse',
          label: 'SSE, one saturated stream, the service sends large writes',
          title: 'SSE',
          contenders: WITH_CONNECT,
          loads: sse,
          reach: { R: 0.3 },
        },
        { name: 'ndjson', label: 'NDJSON, the same', title: 'NDJSON', contenders: WITH_GO, loads: ndjson },
        {
          name: 'websocket',
          label: 'WebSocket, JSON, the same',
          title: 'WebSocket, JSON',
          contenders: GATEWAYS,
          loads: text,
        },
        {
          name: 'websocket-binary',
          label: 'WebSocket, binary, the same',
          title: 'WebSocket, binary',
          contenders: GATEWAYS,
          loads: binary,
          reach: { R: 0.1 },
        },
        {
          name: 'connect-json',
          label: 'Connect, JSON, the same',
          title: 'Connect, JSON',
          contenders: ['sluice', 'connect'],
          loads: { '*': connectStreamLoad(messages) },
        },
        {
          name: 'connect-binary',
          label: 'Connect, binary, the same',
          title: 'Connect, binary',
          contenders: ['sluice', 'connect'],
          loads: { '*': connectStreamLoad(messages, 1, stocks) },
          // Nothing looks into the messages.
          reach: { R: 0.2 },
        },
        {
          name: 'grpc-web',
          label: 'gRPC-Web, the same',
          title: 'gRPC-Web',
          contenders: ['sluice'],
          loads: { '*': webStreamLoad(stocks) },
          reach: { R: 0.2 },
        },
        {
          name: 'grpc',
          label: 'gRPC, the same',
          title: 'gRPC',
          contenders: ['sluice'],
          loads: { '*': { load: 'grpc-receive', path: `/${SERVICE}/GetStockPrices`, message: stocks } },
          reach: { R: 0.2 },
        },
      ],
    },
    {
      name: 'trickle',
      title: 'One server stream, saturated; the upstream (grpc-js) writes message by message',
      unit: 'message',
      upstream: ['grpc-js.mjs', 'trickle'],
      reference: receive,
      rows: [
        {
          name: 'sse-trickle',
          label: 'SSE, the service sends message by message (trickle)',
          title: 'SSE',
          contenders: WITH_CONNECT,
          loads: sse,
          reach: { R: 1 },
        },
        { name: 'ndjson-trickle', title: 'NDJSON', contenders: WITH_GO, loads: ndjson },
        { name: 'websocket-trickle', title: 'WebSocket, JSON', contenders: GATEWAYS, loads: text },
      ],
    },
    {
      name: 'slow',
      title: `${SLOW_STREAMS} slow server streams, 100 messages a second each`,
      unit: 'message',
      upstream: ['grpc-js.mjs', 'paced'],
      reference: { ...receive, streams: SLOW_STREAMS },
      rows: [
        {
          name: 'slow-streams',
          label: `${SLOW_STREAMS} slow SSE streams, 100 messages a second each`,
          title: 'SSE',
          contenders: WITH_CONNECT,
          loads: {
            '*': streamLoad('sse', 'text/event-stream', messages, SLOW_STREAMS),
            connect: connectStreamLoad(messages, SLOW_STREAMS),
          },
        },
      ],
    },
    {
      name: 'send',
      title: 'One client stream, saturated: the browser sends (R: grpc-js sends)',
      unit: 'message',
      upstream: ['batched.mjs', 'sensors'],
      reference: { load: 'socket-send', method: 'CollectSensorData', sampleType: 'SensorData' },
      rows: [
        {
          name: 'websocket-send',
          label: 'WebSocket client stream, saturated',
          title: 'WebSocket, JSON',
          contenders: GATEWAYS,
          loads: {
            '*': {
              load: 'socket-send',
              path: `/${SERVICE}/CollectSensorData`,
              frame: 'text',
              sampleType: 'SensorData',
            },
          },
        },
      ],
    },
    {
      name: 'echo',
      title: `One bidi stream, ${IN_FLIGHT} messages on their way (R: grpc-js both ways)`,
      unit: 'echo',
      upstream: ['batched.mjs', 'chat'],
      reference: { load: 'socket-echo', method: 'Chat', sampleType: 'ChatMessage', inFlight: IN_FLIGHT },
      rows: [
        {
          name: 'websocket-echo',
          label: `WebSocket echo, ${IN_FLIGHT} messages in flight`,
          title: 'WebSocket, JSON',
          contenders: GATEWAYS,
          loads: {
            '*': {
              load: 'socket-echo',
              path: `/${SERVICE}/Chat`,
              frame: 'text',
              sampleType: 'ChatMessage',
              inFlight: IN_FLIGHT,
            },
          },
        },
      ],
    },
    ...[1, 32].map((connections) =>
      unaryGroup(connections, { go, wireRequest: wire('StockQuoteRequest', { symbol: 'AAPL' }) }),
    ),
    {
      name: 'download',
      title: 'A file down, in chunks of 256 KiB (R: grpc-js receives the messages)',
      unit: 'byte',
      upstream: ['batched.mjs', 'file'],
      reference: {
        load: 'download',
        method: 'DownloadFile',
        wireRequest: file(fileBytes),
        warmWireRequest: file(warmFileBytes),
        ...sizes,
      },
      rows: [
        {
          name: 'file-down',
          label: '1 GiB file down, 256 KiB chunks',
          title: 'HTTP body',
          contenders: [...GATEWAYS, 'hand-written-window', 'file-pipe-64', 'file-pipe-256'],
          loads: { '*': { load: 'download', path: DOWNLOAD_PATH, ...sizes } },
        },
      ],
    },
    {
      name: 'upload',
      title: `A file up; the upstream is ${go ? 'grpc-go' : 'frames by hand'} (R: grpc-js sends messages of 64 KiB)`,
      unit: 'byte',
      upstream: go ? ['go', 'upload'] : ['batched.mjs', 'upload'],
      reference: { load: 'upload', method: 'UploadFile', ...sizes },
      rows: [
        {
          name: 'file-up',
          label: '1 GiB file up',
          title: 'HTTP body',
          contenders: [...GATEWAYS, 'file-pipe-64', 'body-null', 'body-socket'],
          reach: { 'body-null': 1.1 },
          loads: { '*': { load: 'upload', path: UPLOAD_PATH, ...sizes } },
        },
      ],
    },
    startGroup(),
    idleGroup(),
    fanOutGroup(),
    ...latencyGroups({ go, messages, wire, get: getLoad(1).request }),
  ];
}
