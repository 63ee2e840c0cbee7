// `fan-out.mjs DESCRIPTOR_SET '{"readers":N,"messages":M,"measureMs":MS,"stalled":N,"idleMs":MS,"storm":BOOL}'`: the service and all readers of one shared stream, so that it
// knows when everybody has everything: only then comes the next write of M messages. Prints its port, reads `{"port":P,"pid":P}` of the gateway, and prints
// what the gateway spent on a delivery, how late deliveries were, what an idle reader took, and how long all readers needed after they were cut.
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { clockTicks, cpuUs, userUs } from '../measure.mjs';
import { loadTypes, makeWireSamples, SERVICE } from '../samples.mjs';
import { frameHeader, serveFrames } from '../upstream/frames.mjs';
import { withHead } from '../upstream/replies.mjs';

const [descriptorSet, settings] = process.argv.slice(2);
const { readers: count, messages, measureMs, stalled = 0, idleMs = 0, storm = false } = JSON.parse(settings);
const types = loadTypes(descriptorSet);
const HEAD = `GET /${SERVICE}/GetStockPrices?symbols=AAPL HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n`;
/** At once: a listener's queue is 511 long. */
const OPENING = 100;
/** Writes to readers, before and while it is measured: on a busy machine the time alone compiles nothing, and counts little. */
const LEAST_WRITES = 100_000;
const LEAST_ROUNDS = 10_000;
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const rssKib = (pid) => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

let calls = 0;
const streams = new Set();

/** A stream that sends what it is told, in one write. */
class ToldReply {
  finished = false;
  #wake;
  #isOpen = false;
  #waiting = [];

  constructor(wake) {
    this.#wake = wake;
    calls += 1;
    streams.add(this);
  }

  receive() {}

  halfClose() {}

  cancel() {
    streams.delete(this);
  }

  send(framed) {
    this.#waiting.push(framed);
    this.#wake();
  }

  take(_budget, id) {
    const head = this.#isOpen ? undefined : { buffers: [], payloadBytes: 0 };
    this.#isOpen = true;
    const framed = this.#waiting.shift();
    if (framed === undefined) return head;
    return { buffers: [frameHeader(framed.length, 0, 0, id), framed], payloadBytes: framed.length };
  }
}

const samples = makeWireSamples(types, 'StockPrice').map(withHead);
let at = 0;
function sendAll() {
  const framed = [];
  for (let index = 0; index < messages; index += 1) framed.push(samples[at++ % samples.length]);
  const whole = Buffer.concat(framed);
  for (const stream of streams) stream.send(whole);
}

/** What has come in this round: bytes of each, and of the first, who counts events, what all must get. */
const got = new Uint32Array(count);
const active = count - stalled;
let wanted;
let events = 0;
let complete = 0;
let onRound = () => {};
let sentAt = 0;
let late = [];
let isTiming = false;
/** All read into the same memory: nobody looks at it later. */
const buffer = Buffer.allocUnsafe(64 * 1024);

function arrived(index, bytes) {
  got[index] += bytes;
  if (index === 0) {
    for (
      let from = buffer.indexOf('data: ');
      from >= 0 && from < bytes;
      from = buffer.indexOf('data: ', from + 1)
    )
      events += 1;
    if (events < messages) return;
    wanted = got[0];
    for (let one = 0; one < active; one += 1) if (got[one] >= wanted) done(one);
    return;
  }
  if (wanted !== undefined && got[index] >= wanted) done(index);
}

function done(index) {
  if (got[index] === 0xffffffff) return;
  got[index] = 0xffffffff;
  if (isTiming) late.push(performance.now() - sentAt);
  complete += 1;
  if (complete >= active) onRound();
}

async function round() {
  got.fill(0);
  buffer.fill(0);
  events = 0;
  complete = 0;
  wanted = undefined;
  const over = new Promise((resolve) => {
    onRound = resolve;
  });
  sentAt = performance.now();
  sendAll();
  await over;
}

const sockets = [];

function openOne(port, index, lastId) {
  return new Promise((resolve, reject) => {
    let isOpen = false;
    let head = '';
    const socket = net.connect({
      host: '127.0.0.1',
      port,
      noDelay: true,
      onread: {
        buffer,
        callback(bytes) {
          if (isOpen) {
            arrived(index, bytes);
            return true;
          }
          head += buffer.toString('latin1', 0, bytes);
          if (!head.startsWith('HTTP/1.1 200')) reject(new Error(`refused: ${head.slice(0, 300)}`));
          // The head and the first comment may come apart.
          if (head.includes(': stream')) isOpen = true;
          if (isOpen) resolve(socket);
          return true;
        },
      },
    });
    socket.on('error', reject);
    socket.write(`${HEAD}${lastId === undefined ? '' : `Last-Event-ID: ${lastId}\r\n`}\r\n`);
    sockets[index] = socket;
  });
}

async function openAll(port) {
  for (let open = 0; open < count; open += OPENING) {
    await Promise.all(
      Array.from({ length: Math.min(OPENING, count - open) }, (_, index) => openOne(port, open + index)),
    );
  }
}

const percentile = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];

async function run({ port, pid }) {
  const result = {};
  // What the first reader of all needs is not of each.
  const first = await openOne(port, 0);
  await wait(500);
  const before = rssKib(pid);
  await openAll(port);
  first.destroy();
  if (idleMs > 0) {
    await wait(idleMs);
    result.kibEach = (rssKib(pid) - before) / count;
  }
  for (const socket of sockets.slice(active)) socket.pause();
  const leastRounds = Math.min(LEAST_ROUNDS, Math.ceil(LEAST_WRITES / active));
  for (let warm = 0; warm < leastRounds; warm += 1) await round();
  const ticks = clockTicks();
  const begun = { us: cpuUs(pid, ticks), userUs: userUs(pid, ticks), at: performance.now() };
  isTiming = true;
  let rounds = 0;
  do {
    await round();
    rounds += 1;
  } while (rounds < leastRounds || performance.now() - begun.at < measureMs);
  isTiming = false;
  const us = cpuUs(pid, ticks) - begun.us;
  const ofUser = userUs(pid, ticks) - begun.userUs;
  const deliveries = rounds * messages * active;
  late.sort((one, other) => one - other);
  Object.assign(result, {
    rounds,
    usEach: us / deliveries,
    userUsEach: ofUser / deliveries,
    p50: percentile(late, 0.5),
    p99: percentile(late, 0.99),
  });
  late = [];
  if (storm) {
    const old = calls;
    for (const socket of sockets) {
      socket.removeAllListeners('error').on('error', () => {});
      socket.destroy();
    }
    const cutAt = performance.now();
    await openAll(port);
    result.stormS = (performance.now() - cutAt) / 1e3;
    await round();
    result.stormCalls = calls - old;
  }
  say({ ...result, calls });
  process.exit(0);
}

createInterface({ input: process.stdin }).once('line', (line) => {
  run(JSON.parse(line)).catch((reason) => {
    process.stderr.write(`${reason.stack}\n`);
    process.exit(1);
  });
});
serveFrames((wake) => new ToldReply(wake));
