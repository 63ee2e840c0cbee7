// `clocked.mjs ROLE DESCRIPTOR_SET`: slow server streams that are sent in an open loop. Each message says in `volume`, in microseconds of
// slices.mjs' clock, when it was due. `symbols` names the way a stream belongs to, `gateway` or `direct`; `interval_seconds` is how many
// messages a second all streams of a way get together while it is their turn. The newest request's rate holds.
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { startPacer } from '../load/pacer.mjs';
import { loadTypes } from '../samples.mjs';
import { sliceAt } from '../slices.mjs';
import { serveFrames } from './frames.mjs';
import { createDeframer, MessageReply } from './replies.mjs';

const [, descriptorSet] = process.argv.slice(2);
const types = loadTypes(descriptorSet);
const type = types('StockPrice');
const WAYS = ['gateway', 'direct'];
const US_IN_MS = 1e3;
const streams = [[], []];
const next = [0, 0];
let pacer;
let rate = 0;

function send(dueMs) {
  const { way } = sliceAt(dueMs);
  const of = streams[way];
  if (of.length === 0) return;
  next[way] = (next[way] + 1) % of.length;
  const volume = BigInt(Math.round(dueMs * US_IN_MS));
  of[next[way]].send(toBinary(type, create(type, { symbol: 'AAPL', price: 232.48, change: -0.68, volume })));
}

function setRate(perSecond) {
  if (perSecond === rate) return;
  rate = perSecond;
  void pacer?.stop();
  pacer = startPacer(rate, send);
}

class ClockedReply {
  finished = false;
  #wake;
  #way;
  #messages = [];
  #reply = new MessageReply(() => this.#messages.shift());
  #deframe = createDeframer((bytes) => {
    const { symbols, intervalSeconds } = fromBinary(types('StockRequest'), bytes);
    this.#way = WAYS.indexOf(symbols[0]);
    streams[this.#way].push(this);
    setRate(intervalSeconds);
  });

  constructor(wake) {
    this.#wake = wake;
  }

  send(message) {
    this.#messages.push(Buffer.from(message));
    this.#wake();
  }

  receive(payload) {
    this.#deframe(payload);
  }

  halfClose() {}

  take(budget, id) {
    return this.#reply.take(budget, id);
  }

  cancel() {
    if (this.#way !== undefined) streams[this.#way].splice(streams[this.#way].indexOf(this), 1);
  }
}

serveFrames((wake) => new ClockedReply(wake));
