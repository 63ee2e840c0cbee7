// `npm run soak [-- SECONDS]`: what takes too long for `npm test`. Long runs of the property tests of sessions and the codec and of fuzz tests, then core and
// gateway under clients that come, misbehave and leave in every way; afterwards nothing may be left of them. Before that, a thousand
// clients that stall (bounds/), and recordings that go on and on (recordings/). `--no-tests`, `--no-bounds` and `--no-recordings` leave parts out.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { waitingBytes } from './bounds/stage.mjs';

const USAGE = `Usage: npm run soak -- [SECONDS] [--no-tests] [--no-bounds] [--no-recordings]         (npm run build comes first)

What takes too long for npm test: long runs of the property and fuzz tests, a thousand clients that stall, recordings of
millions of messages, then core and gateway under clients that come, misbehave and leave. Ends with 1 when a test fails, a bound is broken or something is left.

  SECONDS           how long clients misbehave, and how long some of the tests are [60]; recordings go on for three times as long
  --no-tests        without the long tests
  --no-bounds       without the clients that stall
  --no-recordings   without the recordings
  --help            this text
`;

const SWITCHES = ['--no-tests', '--no-bounds', '--no-recordings', '--help', '-h'];
const given = process.argv.slice(2);
if (given.includes('--help') || given.includes('-h')) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const unknown = given.find((argument) => !/^\d+$/.test(argument) && !SWITCHES.includes(argument));
if (unknown !== undefined) {
  process.stderr.write(`soak: ${unknown} is neither a number of seconds nor an option\n\n${USAGE}`);
  process.exit(2);
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const seconds = Number(given.find((argument) => /^\d+$/.test(argument)) ?? 60);
const WORKERS = 40;
/** What may stay open: the log, the store, the connections between gateway and core, and what Node itself holds. */
const MAX_DESCRIPTORS_LEFT = 40;
const MAX_RSS_MIB = 700;

async function longTests() {
  const child = spawn(
    process.execPath,
    [
      join(root, 'test/run.mjs'),
      '--timeout=1200',
      'test/gateway/surfaces/session/schedule.property.test.ts',
      'test/gateway/codec/compiled-codec.property.test.ts',
      'test/gateway/codec/compiled-codec.fuzz.test.ts',
      'test/gateway/upstream/http2/chaos.test.ts',
      'test/gateway/upstream/http2/h2/fuzz.test.ts',
      'test/gateway/server/rollout.test.ts',
      'test/gateway/recording/replica-kills.test.ts',
    ],
    {
      cwd: root,
      stdio: 'inherit',
      env: {
        ...process.env,
        // How long gateways and NATS are killed; 5 in the suite.
        SLUICE_KILL_SECONDS: String(seconds),
        // Schedules of a session; a thousand in the suite.
        SLUICE_RUNS: '10000',
        // Streams under which two gateways are rolled; 200 in the suite.
        SLUICE_ROLLED_STREAMS: '1000',
        SLUICE_CODEC_CASES: String(seconds * 500),
        SLUICE_FUZZ_RUNS: String(seconds * 50),
      },
    },
  );
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error('the long tests failed');
}

/** A thousand clients that stall, on every surface: what docs/bounds.md says of it. */
async function bounds() {
  const child = spawn(process.execPath, [join(root, 'test/soak/bounds/run.mjs')], { stdio: 'inherit' });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error('a bound of docs/bounds.md is broken');
}

/** Millions of messages through recordings of small bounds, in memory and with NATS. */
async function recordings(journal) {
  const line = [
    join(root, 'test/soak/recordings/run.mjs'),
    '--seconds',
    String(3 * seconds),
    '--journal',
    journal,
  ];
  const [code] = await once(spawn(process.execPath, line, { stdio: 'inherit' }), 'close');
  if (code !== 0) throw new Error('recordings broke a bound, or lost a message');
}

const problems = [];
const data = mkdtempSync(join(tmpdir(), 'sluice-soak-'));

/** Starts core and gateway in one process and resolves with where they listen. */
async function start() {
  const child = spawn(
    process.execPath,
    [
      join(root, 'dist/bin/sluice.js'),
      ...[
        'start',
        '--listen',
        '127.0.0.1:0',
        '--admin-listen',
        '127.0.0.1:0',
        '--core-listen',
        '127.0.0.1:0',
      ],
      ...['--data-dir', data, '--grace-ms', '3000', '--event-loop-delay-ms', '0'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  child.stderr.on('data', (text) => {
    if (/warning|error/i.test(text)) problems.push(`stderr: ${text}`);
  });
  const listening = Promise.withResolvers?.() ?? deferred();
  createInterface(child.stdout).on('line', (line) => {
    const entry = JSON.parse(line);
    if (entry.level >= 50) problems.push(`log: ${line.slice(0, 500)}`);
    if (entry.msg === 'gateway listening') listening.resolve(entry);
  });
  const { url, adminUrl } = await listening.promise;
  return { child, url, adminUrl };
}

function deferred() {
  let resolve;
  const promise = new Promise((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

const pick = (list) => list[Math.floor(Math.random() * list.length)];
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A request that is read to its end, or left after so many bytes. */
function request(url, { method = 'GET', headers = {}, body, leaveAfter = Number.POSITIVE_INFINITY } = {}) {
  return new Promise((resolve) => {
    const sent = http.request(url, { method, headers, agent: false });
    let bytes = 0;
    const chunks = [];
    sent.on('error', () => resolve({ status: 0 }));
    sent.on('response', (response) => {
      response.on('data', (chunk) => {
        bytes += chunk.length;
        if (leaveAfter === Number.POSITIVE_INFINITY) chunks.push(chunk);
        else if (bytes > leaveAfter) sent.destroy();
      });
      response.on('error', () => {});
      response.on('close', () => resolve({ status: response.statusCode, body: Buffer.concat(chunks) }));
    });
    sent.end(body);
  });
}

const ACTIONS = {
  async unary(url) {
    const { status } = await request(`${url}/v1/stocks/AAPL`);
    if (status !== 200) problems.push(`unary: ${status}`);
  },
  async 'sse, then leave'(url) {
    const accept = { accept: 'text/event-stream' };
    await request(`${url}/v1/data?start_from_id=1`, { headers: accept, leaveAfter: Math.random() * 50_000 });
  },
  async 'a whole stream'(url) {
    const { status, body } = await request(`${url}/v1/data:controlled`);
    const lines = body?.toString().trim().split('\n').length;
    if (status !== 200 || lines !== 100) problems.push(`controlled: ${status}, ${lines} lines`);
  },
  async 'upload and download'(url) {
    const file = randomBytes(Math.floor(Math.random() * 300_000));
    const path = `${url}/v1/files/soak/${Math.floor(Math.random() * 50)}-${process.hrtime.bigint()}`;
    const up = await request(path, { method: 'PUT', body: file });
    const down = await request(path);
    if (up.status !== 200 || down.status !== 200 || !down.body.equals(file)) {
      problems.push(`file: ${up.status}, ${down.status}`);
    }
  },
  async 'a cut upload'(url) {
    const path = `/v1/files/cut/${process.hrtime.bigint()}`;
    const sent = http.request(url + path, {
      method: 'PUT',
      agent: false,
      headers: { 'content-length': 1_000_000 },
    });
    sent.on('error', () => {});
    sent.write(Buffer.alloc(Math.floor(Math.random() * 200_000)));
    await pause(Math.random() * 30);
    sent.destroy();
  },
  async chat(url) {
    const socket = new WebSocket(
      `${url.replace('http', 'ws')}/v1/chat/room-${Math.floor(Math.random() * 5)}`,
    );
    socket.on('error', () => {});
    socket.on('open', () => {
      const userId = `user-${Math.floor(Math.random() * 100)}`;
      for (let n = 0; n < 5; n += 1) socket.send(JSON.stringify({ userId, message: `${n}` }));
      if (Math.random() < 0.3) socket.send('');
      if (Math.random() < 0.2) socket.send('not json');
    });
    await pause(Math.random() * 200);
    if (Math.random() < 0.5) socket.terminate();
    else socket.close();
  },
  async 'a client that does not read'(url) {
    const sent = http.request(`${url}/v1/data?start_from_id=1`, { agent: false });
    sent.on('error', () => {});
    sent.on('response', (response) => response.pause().on('error', () => {}));
    sent.end();
    await pause(Math.random() * 300);
    sent.destroy();
  },
  async nonsense(url) {
    const path = pick([
      '/v1/nope',
      '/v1/stocks?interval_seconds=x',
      '/%zz',
      '/v1/files/%2e%2e/x',
      '/v1/logs?level=LOUD',
    ]);
    const { status } = await request(url + path);
    if (status < 400 || status >= 500) problems.push(`nonsense ${path}: ${status}`);
  },
};

async function work(url, until, counts) {
  while (Date.now() < until) {
    const name = pick(Object.keys(ACTIONS));
    await ACTIONS[name](url);
    counts[name] = (counts[name] ?? 0) + 1;
  }
}

function look(pid) {
  const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
  return { descriptors: readdirSync(`/proc/${pid}/fd`).length, rssMiB: Math.round(rss) };
}

if (!given.includes('--no-tests')) await longTests();
if (!given.includes('--no-bounds')) await bounds();
if (!given.includes('--no-recordings')) {
  await recordings('memory');
  await recordings('nats');
}
const { child, url, adminUrl } = await start();
try {
  const before = look(child.pid);
  const counts = {};
  const until = Date.now() + seconds * 1_000;
  await Promise.all(Array.from({ length: WORKERS }, () => work(url, until, counts)));
  await pause(3_000);
  const after = look(child.pid);
  const waiting = await waitingBytes(adminUrl);
  console.log({ counts, before, after });
  if (after.descriptors > before.descriptors + MAX_DESCRIPTORS_LEFT)
    problems.push('descriptors are left open');
  if (after.rssMiB > MAX_RSS_MIB) problems.push('memory grows');
  if (waiting !== 0) problems.push(`${waiting} bytes wait for nobody`);
  const cut = await request(`${url}/v1/files/cut`);
  if (cut.status === 200) problems.push('a cut upload became a file');
  try {
    const files = readdirSync(join(data, 'cut'));
    if (files.length > 0) problems.push(`${files.length} cut uploads became files`);
  } catch {
    // No cut upload has left so much as a folder.
  }
  const stopped = Date.now();
  child.kill('SIGTERM');
  const [code] = await once(child, 'close');
  if (code !== 0 || Date.now() - stopped > 6_000)
    problems.push(`stopped with ${code} after ${Date.now() - stopped} ms`);
} finally {
  child.kill('SIGKILL');
  rmSync(data, { recursive: true, force: true });
}
if (problems.length > 0) {
  console.error(problems.slice(0, 20).join('\n'));
  process.exit(1);
}
console.log('nothing is left');
