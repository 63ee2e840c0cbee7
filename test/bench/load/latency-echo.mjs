// Echoes: messages over WebSockets through the gateway, over bidi calls without it. Streams take turns.
import { loadTypes, makeWireSamples, SERVICE } from '../samples.mjs';
import { openH2 } from './h2-client.mjs';
import { DIRECT, GATEWAY, halfLoad, runOpenLoop, WIDTH } from './latency.mjs';
import { clientFrame, openWebSocket } from './websocket.mjs';

/** Streams of one way as one: echoes come in the order of what was sent on the same stream. `send` has one `write` a stream. */
function takingTurns(streams) {
  let next = 0;
  return (done) => {
    const { write, waiting } = streams[next++ % WIDTH];
    waiting.push(done);
    write();
  };
}

const arrivals = (waiting) => (count) => {
  for (let index = 0; index < count; index += 1) waiting.shift()();
};

async function openSockets(config) {
  const frames = config.samples.map((sample) => clientFrame(sample, 'text'));
  let next = 0;
  const all = Array.from({ length: WIDTH }, () => {
    const waiting = [];
    const { opened, failed } = openWebSocket({ ...config, onMessages: arrivals(waiting) });
    return { opened, failed, waiting };
  });
  const failed = Promise.race(all.map((one) => one.failed));
  const sockets = await Promise.race([Promise.all(all.map((one) => one.opened)), failed]);
  const streams = sockets.map((socket, index) => ({
    waiting: all[index].waiting,
    write: () => socket.write(frames[next++ % frames.length]),
  }));
  return { streams, failed };
}

function openCalls(config) {
  const connection = openH2(config.upstreamPort);
  const samples = makeWireSamples(loadTypes(config.descriptorSet), config.sampleType, config.samples.length);
  let next = 0;
  const streams = Array.from({ length: WIDTH }, () => {
    const waiting = [];
    const arrived = arrivals(waiting);
    const call = connection.open(`/${SERVICE}/Chat`, { onMessage: () => arrived(1) });
    return { waiting, write: () => call.write(samples[next++ % samples.length], false) };
  });
  return { streams, failed: connection.failed };
}

export async function latencyEcho(config) {
  const through = await openSockets(config);
  const direct = openCalls(config);
  const failed = Promise.race([through.failed, direct.failed]);
  const ways = [];
  ways[GATEWAY] = takingTurns(through.streams);
  ways[DIRECT] = takingTurns(direct.streams);
  const perSecond = await Promise.race([halfLoad(config, ways[GATEWAY]), failed]);
  return await runOpenLoop(config, { perSecond, ways, failed });
}
