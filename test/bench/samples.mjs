// What travels in every run: the same messages for every gateway, different ones after another, so that no
// gateway can live from a cache. Made from a seed, so that each process has the same without asking another.
import { readFileSync } from 'node:fs';
import { create, createFileRegistry, fromBinary, toBinary, toJson } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema, timestampFromMs } from '@bufbuild/protobuf/wkt';

/** How many different messages there are before the first comes again. */
export const SAMPLES = 32_768;
export const SERVICE = 'streaming.StreamingService';

const SYMBOLS = ['AAPL', 'MSFT', 'GOOG', 'AMZN', 'NVDA', 'TSLA', 'ORCL', 'SIEGY'];
const WORDS = 'the market opens higher today and nobody in this room can say for how long it will stay'.split(
  ' ',
);
const FIRST_MS = Date.UTC(2026, 0, 5, 9, 30);

/** A small generator of numbers from 0 to 1, the same on every machine (mulberry32). */
function createRandom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The message types of the benchmark, from the descriptor set that `npm run build` makes. */
export function loadTypes(descriptorSet) {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(descriptorSet)));
  return (name) => {
    const type = registry.getMessage(`streaming.${name}`);
    if (type === undefined)
      throw new Error(`${descriptorSet} does not know streaming.${name}: npm run build`);
    return type;
  };
}

const decimal = (value, digits) => Number(value.toFixed(digits));

/** Prices with two decimals, volumes as 64-bit numbers, a time that moves by some milliseconds. */
function stockPrice(random, index) {
  return {
    symbol: SYMBOLS[Math.floor(random() * SYMBOLS.length)],
    price: decimal(50 + random() * 450, 2),
    change: decimal((random() - 0.5) * 20, 2),
    volume: BigInt(Math.floor(random() * 5_000_000)),
    timestamp: timestampFromMs(FIRST_MS + index * 37),
  };
}

function sensorData(random, index) {
  return {
    sensorId: `sensor-${Math.floor(random() * 500)}`,
    temperature: decimal(10 + random() * 20, 2),
    humidity: decimal(random() * 100, 1),
    pressure: decimal(980 + random() * 50, 2),
    timestamp: timestampFromMs(FIRST_MS + index * 37),
  };
}

function chatMessage(random, index) {
  const from = Math.floor(random() * 8);
  return {
    userId: `user-${Math.floor(random() * 1000)}`,
    roomId: 'bench',
    message: WORDS.slice(from, from + 8).join(' '),
    timestamp: timestampFromMs(FIRST_MS + index * 37),
  };
}

const MAKERS = { StockPrice: stockPrice, SensorData: sensorData, ChatMessage: chatMessage };

/** `count` different messages of a type, as the library's objects. */
export function makeSamples(types, name, count = SAMPLES) {
  const random = createRandom(7);
  return Array.from({ length: count }, (_, index) => create(types(name), MAKERS[name](random, index)));
}

/** The same as protobuf bytes. */
export function makeWireSamples(types, name, count = SAMPLES) {
  return makeSamples(types, name, count).map((message) => Buffer.from(toBinary(types(name), message)));
}

/** The same as values of canonical ProtoJSON. */
export function makeJsonSamples(types, name, count = SAMPLES) {
  return makeSamples(types, name, count).map((message) => toJson(types(name), message));
}

/** proto-loader gives and takes a Timestamp as its two fields, where ProtoJSON has a text. */
export function spellForProtoLoader(value) {
  const ms = Date.parse(value.timestamp);
  const nanos = (ms % 1000) * 1e6;
  const seconds = String(Math.floor(ms / 1000));
  return { ...value, timestamp: nanos === 0 ? { seconds } : { seconds, nanos } };
}

const PATTERN_BYTES = 1024 * 1024;
let pattern;

/** What the chunk at `offset` of every benchmark file holds: noise that differs from chunk to chunk. */
export function fileBytes(offset, length) {
  if (pattern === undefined) {
    const random = createRandom(11);
    const words = Uint32Array.from({ length: (2 * PATTERN_BYTES) / 4 }, () => random() * 2 ** 32);
    pattern = Buffer.from(words.buffer);
  }
  if (length > PATTERN_BYTES) throw new RangeError(`a chunk has at most ${PATTERN_BYTES} bytes`);
  const start = ((offset / 64) * 31) % PATTERN_BYTES;
  return pattern.subarray(start, start + length);
}
