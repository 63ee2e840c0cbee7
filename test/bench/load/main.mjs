// `main.mjs CONFIG`: one load, or the reference, for one measurement. CONFIG is JSON, base64; the result is
// one line of JSON. Bytes in the configuration are base64 as well.
import { loadTypes, makeJsonSamples, makeWireSamples, spellForProtoLoader } from '../samples.mjs';
import { loadDownload, loadUpload } from './files.mjs';
import { loadGrpcReceive } from './grpc-receive.mjs';
import { loadHttpStreams } from './http-streams.mjs';
import { latencyBeside } from './latency-beside.mjs';
import { latencyEcho } from './latency-echo.mjs';
import { latencySse } from './latency-sse.mjs';
import { latencyUnary } from './latency-unary.mjs';
import { references } from './reference.mjs';
import { loadWebSocketEcho, loadWebSocketReceive, loadWebSocketSend } from './sockets.mjs';
import { loadUnary } from './unary.mjs';

const SAMPLES_SENT = 8_192;
const LOADS = {
  'http-streams': loadHttpStreams,
  'grpc-receive': loadGrpcReceive,
  'socket-receive': loadWebSocketReceive,
  'socket-send': loadWebSocketSend,
  'socket-echo': loadWebSocketEcho,
  unary: loadUnary,
  download: loadDownload,
  upload: loadUpload,
  'latency-unary': latencyUnary,
  'latency-sse': latencySse,
  'latency-echo': latencyEcho,
  'latency-beside': latencyBeside,
};

function samplesFor(config) {
  if (config.sampleType === undefined) return [];
  const types = loadTypes(config.descriptorSet);
  if (config.reference) return makeWireSamples(types, config.sampleType, SAMPLES_SENT);
  const values = makeJsonSamples(types, config.sampleType, SAMPLES_SENT);
  const spelled = config.dialect === 'proto-loader' ? values.map(spellForProtoLoader) : values;
  return spelled.map((value) => Buffer.from(JSON.stringify(value)));
}

const config = JSON.parse(Buffer.from(process.argv[2], 'base64').toString('utf8'));
const run = (config.reference ? references : LOADS)[config.load];
const bytesOf = (text) => (text === undefined ? undefined : Buffer.from(text, 'base64'));
const result = await run({
  ...config,
  samples: samplesFor(config),
  ...(config.reference
    ? {
        pid: process.pid,
        beside: [config.upstreamPid],
        request: bytesOf(config.wireRequest),
        warmRequest: bytesOf(config.warmWireRequest),
      }
    : { beside: [config.upstreamPid, process.pid] }),
});
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
