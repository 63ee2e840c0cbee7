// The three WebSocket loads: receive only, send only, and an echo with some messages on their way.
import { measureBatch, measureWindow } from '../measure.mjs';
import { clientFrame, openWebSocket } from './websocket.mjs';

/** About what a client with a 64 KiB write buffer hands over at once. */
const BLOCK_BYTES = 64 * 1024;

/** One request message, then only counting. */
export async function loadWebSocketReceive(config) {
  let count = 0;
  const { opened, failed } = openWebSocket({
    ...config,
    onMessages: (arrived) => {
      count += arrived;
    },
  });
  const socket = await Promise.race([opened, failed]);
  socket.write(clientFrame(Buffer.from(config.message, 'base64'), config.frame));
  return await measureWindow({ ...config, failed }, () => count);
}

/** Ready frames gathered into blocks of about 64 KiB: `{ bytes, messages }` each. */
function blocksOf(frames) {
  const blocks = [];
  let block = [];
  let bytes = 0;
  for (const frame of frames) {
    block.push(frame);
    bytes += frame.length;
    if (bytes < BLOCK_BYTES) continue;
    blocks.push({ bytes: Buffer.concat(block), messages: block.length });
    block = [];
    bytes = 0;
  }
  return blocks;
}

/**
 * Sends as fast as the gateway takes it. What the system has taken from us may still be megabytes away from the service,
 * so each stream is ended, and counts when its answer is there.
 */
export async function loadWebSocketSend(config) {
  const blocks = blocksOf(config.samples.map((sample) => clientFrame(sample, config.frame)));
  const halfClose = clientFrame(Buffer.alloc(0), 'text');
  return await measureBatch(config, async (atLeast) => {
    let onClose;
    const closed = new Promise((resolve) => {
      onClose = resolve;
    });
    const { opened, failed } = openWebSocket({ ...config, onClose });
    const socket = await Promise.race([opened, failed]);
    let sent = 0;
    let next = 0;
    const more = () => {
      while (sent < atLeast) {
        const { bytes, messages } = blocks[next++ % blocks.length];
        sent += messages;
        if (!socket.write(bytes)) {
          socket.once('drain', more);
          return;
        }
      }
      socket.write(halfClose);
    };
    more();
    await Promise.race([closed, failed]);
    socket.destroy();
    return sent;
  });
}

/** Keeps `inFlight` messages on their way; an echo is one message to the service and back. */
export async function loadWebSocketEcho(config) {
  const frames = config.samples.map((sample) => clientFrame(sample, config.frame));
  let next = 0;
  const take = (count) => {
    const parts = Array.from({ length: count }, () => frames[next++ % frames.length]);
    return Buffer.concat(parts);
  };
  let count = 0;
  let socket;
  const { opened, failed } = openWebSocket({
    ...config,
    onMessages: (arrived) => {
      count += arrived;
      socket.write(take(arrived));
    },
  });
  socket = await Promise.race([opened, failed]);
  socket.write(take(config.inFlight));
  return await measureWindow({ ...config, failed }, () => count);
}
