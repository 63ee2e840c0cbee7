// `batched.mjs ROLE DESCRIPTOR_SET`: the upstream that sends large socket writes and is never the bottleneck.
//   stocks  GetStockPrices: as many StockPrice as `interval_seconds` says, one DATA frame each; one for GetStockQuote, whose
//           request has no such field
//   quote   GetStockQuote: one StockPrice
//   file    DownloadFile: as many bytes as `file_path` says, in chunks of `chunk_size`
//   upload  UploadFile: counts and drops
//   sensors CollectSensorData: counts and drops
//   chat    Chat: an echo
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { loadTypes, makeWireSamples } from '../samples.mjs';
import { serveFrames } from './frames.mjs';
import { createFrameRing, EchoReply, FileReply, RingReply, SinkReply } from './replies.mjs';

const [role, descriptorSet] = process.argv.slice(2);
const types = loadTypes(descriptorSet);
const encode = (name, fields) => Buffer.from(toBinary(types(name), create(types(name), fields)));
const decode = (name, bytes) => fromBinary(types(name), bytes);

const ROLES = {
  stocks() {
    const ring = createFrameRing(makeWireSamples(types, 'StockPrice'));
    return () => new RingReply(ring, (request) => decode('StockRequest', request).intervalSeconds || 1);
  },
  quote() {
    const ring = createFrameRing(makeWireSamples(types, 'StockPrice'));
    return () => new RingReply(ring, () => 1);
  },
  file: () => () => new FileReply(types, (request) => decode('FileRequest', request)),
  upload: () => () =>
    new SinkReply((count) => encode('UploadResult', { fileId: 'bench', totalBytes: BigInt(count) })),
  sensors: () => () => new SinkReply((count) => encode('SensorSummary', { totalReadings: count })),
  chat: () => () => new EchoReply(),
};

serveFrames(ROLES[role]());
