// `node test/soak/recordings/run.mjs [--seconds 180] [--readers 35] [--journal memory|nats]`: recordings whose service writes as fast as it may, within small bounds, and
// readers that come, go, stall, come back by an id, and ask for calls that go on without them. Millions of messages, thousands of readers and as many
// recordings in minutes are what a usual stream has in hours. Looks each second at what the gateways hold, and fails when that is more than
// docs/bounds.md allows, grows over the last half of the time, or does not go away with the readers, and when a reader misses a message without being told.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { pause, rssOf, start } from '../bounds/stage.mjs';
import { allowedBytes, JOURNAL_BYTES } from './allowed.mjs';
import { growthOf } from './growth.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '180' },
    readers: { type: 'string', default: '35' },
    journal: { type: 'string', default: 'memory' },
  },
});
const seconds = Number(values.seconds);
const readers = Number(values.readers);
const isShared = values.journal === 'nats';

const MIB = 1024 * 1024;
/** A first round shows each path once, so that what code and caches take once is not what the long one leaves. */
const WARM_MS = 15_000;
/** Rules of soak.proto keep what has ended for two seconds; what is gone is told as long; a connection to the service closes when it was idle. */
const QUIET_MS = 25_000;
/** What two collections of the same process may differ by. */
const LEFT_BYTES = 3 * MIB;

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const root = here('../../..');
const command = process.env.SLUICE_COMMAND ?? `${root}/dist/bin/sluice.js`;
/** Debian puts nats-server where daemons are, which is not in everybody's PATH. */
const ENV = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
const problems = [];
const running = [];

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function startNats() {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-soak-'));
  const port = await freePort();
  const line = ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', folder];
  const child = spawn('nats-server', line, { env: ENV, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'close');
  running.push({
    async stop() {
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  });
  for await (const text of createInterface(child.stderr)) if (text.includes('Server is ready')) break;
  child.stderr.resume();
  return `nats://127.0.0.1:${port}`;
}

async function startGateway(port, journal) {
  const gateway = start(
    command,
    [
      'gateway',
      ...['--upstream', `127.0.0.1:${port}`, '--journal', journal, '--journal-bytes', String(JOURNAL_BYTES)],
      ...['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--log-level', 'info', '--no-page'],
      // All clients are of one address.
      ...['--exchanges-per-address', '0', '--connections-per-address', '0', '--calls-per-second', '0'],
      ...[
        '--event-loop-delay-ms',
        '0',
        '--log-calls',
        'off',
        '--log-format',
        'json',
        '--detached-per-principal',
        '100',
      ],
      ...['--proto', here('soak.proto'), '--proto-path', here('.'), '--proto-path', `${root}/proto`],
    ],
    {
      execArgv: ['--expose-gc', '--import', here('../bounds/probe.mjs')],
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    },
  );
  running.push(gateway);
  const addresses = await new Promise((resolve, reject) => {
    gateway.child.once('exit', () => reject(new Error('the gateway did not start')));
    createInterface(gateway.child.stdout).on('line', (line) => {
      const entry = JSON.parse(line);
      if (entry.level >= 50) problems.push(`log: ${line.slice(0, 300)}`);
      if (entry.msg === 'gateway listening') resolve(entry);
    });
  });
  return {
    ...gateway,
    pid: gateway.child.pid,
    url: addresses.url,
    admin: addresses.adminUrl ?? addresses.admin,
  };
}

const GAUGES = [
  'sluice_recordings',
  'sluice_readers',
  'sluice_journal_bytes',
  'sluice_open_exchanges',
  'sluice_waiting_bytes',
];

/** What a gateway says of itself: the gauges, and how often messages were forgotten and clients told of it. */
async function metricsOf({ admin }) {
  const text = await (await fetch(`${admin}/metrics`)).text();
  const sum = (name) =>
    [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].reduce(
      (total, [, value]) => total + Number(value),
      0,
    );
  const [recordings, clients, journalBytes, exchanges, waiting] = GAUGES.map(sum);
  return {
    ...{ recordings, clients, journalBytes, exchanges, waiting },
    evicted: sum('sluice_journal_evicted_messages_total'),
    gaps: sum('sluice_gaps_total'),
    heals: sum('sluice_heals_total'),
  };
}

const mib = (bytes) => (bytes / MIB).toFixed(1);

/** Readers for so long, and what the gateways hold meanwhile. */
async function play(gateways, ms) {
  const crowd = start(here('readers.mjs'), [String(readers), ...gateways.map(({ url }) => url)]);
  running.push(crowd);
  await crowd.next();
  const looks = [];
  const begun = performance.now();
  while (performance.now() - begun < ms) {
    await pause(1_000);
    for (const [at, gateway] of gateways.entries()) {
      const metrics = await metricsOf(gateway);
      looks.push({ at, second: (performance.now() - begun) / 1_000, rss: rssOf(gateway.pid), ...metrics });
    }
  }
  const seen = await crowd.ask('stop');
  await crowd.stop();
  return { looks, seen };
}

/** Nobody reads any more: waits until nothing of it is left. */
async function settle(gateways, service) {
  let left;
  for (const end = performance.now() + QUIET_MS; performance.now() < end; ) {
    await pause(1_000);
    const metrics = await Promise.all(gateways.map(metricsOf));
    const { open } = await service.ask('status');
    left = {
      open,
      ...metrics.map(({ recordings, clients, journalBytes, exchanges, waiting }) => ({
        recordings,
        clients,
        journalBytes,
        exchanges,
        waiting,
      })),
    };
    if (
      open === 0 &&
      metrics.every((one) => one.recordings + one.clients + one.journalBytes + one.waiting === 0)
    )
      return;
  }
  problems.push(`left: ${JSON.stringify(left)}`);
}

async function heldBy(gateway) {
  const { heapUsed, external, code } = await gateway.ask('memory');
  return heapUsed - code + external;
}

function judge(at, looks, before) {
  const most = (name) => Math.max(...looks.map((look) => look[name]));
  const allowed = allowedBytes({ readers: most('exchanges'), recordings: most('recordings'), isShared });
  const half = looks.slice(Math.floor(looks.length / 2));
  const { growth, noise } = growthOf(half.map(({ second, rss }) => [second, rss]));
  const { rss, evicted, gaps, heals } = looks.at(-1);
  console.log(
    `gateway ${at}: RSS ${mib(before)} MiB before, ${mib(most('rss'))} at most (${mib(before + allowed)} allowed), ${mib(rss)} at last; over the last half it grew by ${mib(growth)}, give or take ${mib(noise)}`,
  );
  console.log(
    `  at most ${most('recordings')} recordings, ${most('clients')} readers, ${mib(most('journalBytes'))} MiB in journals (${mib(JOURNAL_BYTES)} allowed); ${evicted} messages forgotten, ${gaps} gaps told, ${heals} streams healed`,
  );
  if (most('rss') > before + allowed) problems.push(`gateway ${at} held too much`);
  // Before, what is new to the process still finds its place.
  if (seconds >= 120 && growth > 2 * noise + 8 * MIB) problems.push(`gateway ${at} went on growing`);
  if (most('journalBytes') > JOURNAL_BYTES)
    problems.push(`gateway ${at}: more in journals than --journal-bytes`);
}

if (isShared && spawnSync('nats-server', ['--version'], { env: ENV }).status !== 0) {
  console.log(
    'nats-server is not installed (Debian: nats-server): recordings that gateways share are not looked at',
  );
  process.exit();
}
try {
  const service = start(here('service.mjs'), []);
  running.push(service);
  const { port } = await service.next();
  const journal = isShared ? await startNats() : 'memory';
  const gateways = [await startGateway(port, journal)];
  if (isShared) gateways.push(await startGateway(port, journal));
  await pause(3_000);
  const before = gateways.map(({ pid }) => rssOf(pid));
  await play(gateways, WARM_MS);
  await settle(gateways, service);
  const warm = await Promise.all(gateways.map(heldBy));
  const { sent: sentBefore, calls: callsBefore } = await service.ask('status');
  const { looks, seen } = await play(gateways, seconds * 1_000);
  const { sent, calls } = await service.ask('status');
  await settle(gateways, service);
  const held = await Promise.all(gateways.map(heldBy));
  const { faults, ...counts } = seen;
  const messages = sent - sentBefore;
  console.log(
    `${values.journal}, ${readers} readers, ${seconds} s: ${messages} messages in ${calls - callsBefore} calls, as many as a stream of a hundred a second has in ${(messages / 360_000).toFixed(1)} hours`,
  );
  console.log(`  readers: ${JSON.stringify(counts)}`);
  for (const [at, gateway] of gateways.entries()) {
    judge(
      at,
      looks.filter((look) => look.at === at),
      before[at],
    );
    const left = held[at] - warm[at];
    console.log(
      `  left after all: ${mib(left)} MiB of heap, without code, and external memory, RSS ${mib(rssOf(gateway.pid))}`,
    );
    if (left > LEFT_BYTES) problems.push(`gateway ${at} kept ${mib(left)} MiB`);
  }
  problems.push(...faults);
} finally {
  for (const one of running.reverse()) await one.stop();
}
if (problems.length > 0) {
  console.error(problems.slice(0, 20).join('\n'));
  process.exitCode = 1;
}
