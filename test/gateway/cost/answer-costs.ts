import { createMessageQueue } from '../../../clients/browser/shared/message-queue.js';
import { createSseParser } from '../../../clients/browser/stream/sse-parser.js';
import {
  metadataHeaders,
  passedOn,
  trailersJson,
} from '../../../gateway/surfaces/message/response-metadata.js';
import { pairsFromRaw } from '../../../gateway/upstream/http2/grpc/call-headers.js';
import { decodeGrpcMessage } from '../../../gateway/upstream/http2/grpc/grpc-message.js';
import { statusFromTrailers } from '../../../gateway/upstream/http2/grpc/grpc-status.js';
import { FrameParser } from '../../../gateway/upstream/http2/h2/frame-parser.js';
import { HeaderDecoder } from '../../../gateway/upstream/http2/h2/header-decoder.js';
import { formatSseEvent } from '../../../gateway/wire/index.js';
import { joinMetadata } from '../../../gateway/wire/session/index.js';
import { openReader } from '../upstream/http2/grpc/fake-stream.js';
import { frame } from '../upstream/http2/peer.js';
import { type Cost, fill, list, textCosts } from './growth.js';

const STREAMS: Readonly<Record<string, (size: number) => string>> = {
  'one line': (size) => `data: ${fill('a', size)}`,
  'empty lines': (size) => fill('\n', size),
  'carriage returns': (size) => fill('\r', size),
  events: (size) => fill('data: a\n\n', size),
  'lines of one event': (size) => fill('data: a\n', size),
  ids: (size) => fill('id: 1\n', size),
  comments: (size) => fill(':\n', size),
  colons: (size) => fill(':', size),
  'fields without colon': (size) => fill('data\n', size),
  'a long retry': (size) => `retry: ${fill('9', size)}\n\n`,
  'a retry with a wrong end': (size) => `retry: ${fill('9', size)}x\n\n`,
  'an id of zeros': (size) => `id: ${fill('\0', size)}\n\n`,
  'characters of four bytes': (size) => fill('\u{1f600}', size),
};

const VALUES: Readonly<Record<string, (size: number) => string>> = {
  commas: (size) => fill(',', size),
  blanks: (size) => fill(' ,', size),
  'percent signs': (size) => fill('%', size),
  'percent codes': (size) => fill('%41', size),
  'equals signs': (size) => fill('=', size),
  base64: (size) => fill('AAAA', size),
  'details of nothing': (size) => fill('GgAaABoA', size),
  'different names': (size) => list(size, 12, (n) => `name${n}`),
};

/** Each byte is a call of the parser. */
const LARGEST_BY_BYTES = 32 * 1024;

const EACH_BYTE = Array.from({ length: 256 }, (_, byte) => Buffer.of(byte));

/** The stream as pieces of so many bytes. Single bytes are shared: a Buffer for each would fill the caches, and that is not our cost. */
function pieces(bytes: Uint8Array, size: number): Buffer[] {
  if (size === 1) return Array.from(bytes, (byte) => EACH_BYTE[byte] as Buffer);
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) parts.push(Buffer.from(bytes.subarray(at, at + size)));
  return parts;
}

function sse(text: string, size: number): unknown {
  const parser = createSseParser();
  let count = 0;
  for (const piece of pieces(Buffer.from(text), size)) count += parser.push(piece).length;
  return count;
}

/** What gRPC messages in frames cost, however they are cut. */
function deframed(message: Uint8Array, isTaken: boolean, size: number): Cost['prepare'] {
  return (bytes) => {
    const body = Buffer.alloc(
      Math.max(1, Math.floor(bytes / (message.length + 5))) * (message.length + 5),
      frame(message),
    );
    const chunks = pieces(body, size);
    return () => {
      const { reader, stream } = openReader(4 * 1024 * 1024);
      for (const chunk of chunks) {
        if (isTaken) void reader.read();
        reader.push(chunk, 0, chunk.length);
        reader.flush();
        stream.turn();
      }
      while (!reader.isRead) void reader.read();
    };
  };
}

/** Everything that an answer of a service, or of the gateway to its client, can be made of. */
export function answerCosts(): Cost[] {
  const raw = (value: string) => [
    'grpc-status',
    '3',
    'grpc-message',
    value,
    'grpc-status-details-bin',
    value,
    'a-bin',
    value,
    'b',
    value,
  ];
  const surfaces = (value: string) => {
    const pairs = pairsFromRaw(
      value.split(',').flatMap((name) => [`x${name}`, 'a', 'x-bin', value.slice(0, 100)]),
    );
    return [metadataHeaders(pairs, pairs), trailersJson(passedOn(pairs).pairs), joinMetadata(pairs)];
  };
  const blocks: Readonly<Record<string, number[]>> = {
    'indexed fields': [0x80 | 2],
    'learnt fields': [0x40, 1, 0x61, 1, 0x62],
    'table sizes': [0x20],
    'Huffman codes': [0x00, 0x81, 0x1f, 0x81, 0x1f],
  };
  return [
    ...textCosts('event stream', STREAMS, (text) => sse(text, 65_536)),
    ...textCosts('event stream byte by byte', STREAMS, (text) => sse(text, 1), LARGEST_BY_BYTES),
    ...textCosts('trailers', VALUES, (value) => statusFromTrailers(raw(value), 200)),
    ...textCosts('metadata of an answer', VALUES, surfaces),
    ...textCosts('a message of a status', VALUES, decodeGrpcMessage),
    ...textCosts('data of an event', STREAMS, (data) => formatSseEvent({ data })),
    ...Object.entries(blocks).map(
      ([shape, field]): Cost => ({
        name: `header block, ${shape}`,
        prepare: (size) => {
          const block = Buffer.alloc(Math.floor(size / field.length) * field.length, Buffer.from(field));
          return () => new HeaderDecoder().decode(block);
        },
      }),
    ),
    { name: 'messages byte by byte', prepare: deframed(Buffer.alloc(100), true, 1) },
    { name: 'empty messages that nobody takes', prepare: deframed(Buffer.alloc(0), false, 16_384) },
    { name: 'messages that nobody takes, byte by byte', prepare: deframed(Buffer.alloc(1_000), false, 1) },
    {
      name: 'HTTP/2 frames byte by byte',
      prepare: (size) => {
        const ping = Buffer.from([0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
        const chunks = pieces(Buffer.alloc(Math.floor(size / ping.length) * ping.length, ping), 1);
        const nothing = { onFrame() {}, onDataFrame() {}, onDataBytes() {}, onDataEnd() {} };
        return () => {
          const parser = new FrameParser(nothing);
          for (const chunk of chunks) parser.push(chunk);
        };
      },
    },
    {
      name: 'messages that wait in the client',
      prepare: (size) => () => {
        const queue = createMessageQueue<number>();
        for (let index = 0; index < size; index += 1) queue.put(index);
        for (let index = 0; index < size; index += 1) void queue.take();
      },
    },
  ];
}
