// `grpc-js.mjs ROLE DESCRIPTOR_SET`: a plain grpc-js server, which makes one small socket write a message.
//   trickle  as many StockPrice as `interval_seconds` says, as fast as it can, message by message
//   paced    the same, but one every 10 ms and stream

import { fromBinary } from '@bufbuild/protobuf';
import grpc from '@grpc/grpc-js';
import { loadTypes, makeWireSamples, SERVICE } from '../samples.mjs';

const [role, descriptorSet] = process.argv.slice(2);
const PACE_MS = 10;
const types = loadTypes(descriptorSet);
const samples = makeWireSamples(types, 'StockPrice');
const identity = (bytes) => bytes;

function trickle(call, count) {
  let sent = 0;
  const more = () => {
    while (sent < count && !call.cancelled) {
      if (!call.write(samples[sent++ % samples.length])) {
        call.once('drain', more);
        return;
      }
    }
    call.end();
  };
  more();
}

/** Streams begin at different moments of the interval, or all would fall due in the same turn. */
function paced(call, count) {
  let sent = 0;
  let interval;
  const send = () => {
    if (!call.writableNeedDrain) call.write(samples[sent++ % samples.length]);
    if (sent < count) return;
    clearInterval(interval);
    call.end();
  };
  const start = setTimeout(() => {
    interval = setInterval(send, PACE_MS);
  }, Math.random() * PACE_MS);
  call.on('cancelled', () => {
    clearTimeout(start);
    clearInterval(interval);
  });
}

const roles = { trickle, paced };
const server = new grpc.Server();
server.addService(
  {
    GetStockPrices: {
      path: `/${SERVICE}/GetStockPrices`,
      requestStream: false,
      responseStream: true,
      requestDeserialize: (bytes) => fromBinary(types('StockRequest'), bytes),
      requestSerialize: identity,
      responseSerialize: identity,
      responseDeserialize: identity,
    },
  },
  { GetStockPrices: (call) => roles[role](call, call.request.intervalSeconds) },
);
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (failure, port) => {
  if (failure) throw failure;
  process.stdout.write(`${JSON.stringify({ port })}\n`);
});
