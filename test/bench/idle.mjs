// What an idle client costs: memory of the gateway for a bridged SSE stream and for a session on which nothing is sent, in RSS, and its processor
// time for the heartbeats of all of them. Upstream and load are processes of their own.
//
//     node test/bench/idle.mjs [CHECKOUT [COUNT…]]     one line of JSON a row; by default this checkout, and 1,000 and 10,000 of each
//
// 10,000 clients need as many file descriptors in the gateway and in the load: `ulimit -n` has to allow more.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clockTicks, cpuUs } from './measure.mjs';
import {
  firstJson,
  GATEWAY_CPU,
  here,
  OTHER_CPU,
  startNode,
  startServer,
  startSluice,
} from './processes.mjs';

const LIMIT_MS = 150_000;
/** For what is only done after a start, or for a while after a stream has begun. */
const SETTLE_MS = 3_000;
/** Then a quiet process has collected its garbage, and V8 has given up the room for young objects. */
const QUIET_MS = 30_000;
/** The default, at which each client hears of the gateway twice in three windows. */
const HEARTBEAT_MS = 15_000;
/** So that each client hears one heartbeat meanwhile, or is pinged once. */
const CPU_MS = HEARTBEAT_MS;
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Places at the service for all of them, at 90 calls on a connection. */
function connectionsFor(count) {
  return Math.max(16, Math.ceil(count / 90) + 1);
}

function rssKib(pid) {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

/** `{ kind, count, kibEach, kibAtFirst, cpuPercent, usAHeartbeat }`: when they have been quiet for half a minute, and at first. `kind` is `stream` or `session`. */
export async function measureIdle({ command, descriptorSet }, kind, count) {
  const other = { cpu: OTHER_CPU, limitMs: LIMIT_MS };
  const upstream = await startServer('upstream/idle.mjs', [], other);
  const running = [upstream];
  try {
    const args = [
      '--upstream',
      `127.0.0.1:${upstream.port}`,
      '--upstream-connections',
      String(connectionsFor(count)),
    ];
    const listens = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--log-level', 'warn'];
    const times = ['--heartbeat-ms', String(HEARTBEAT_MS), '--descriptor-set', descriptorSet];
    const where = { cpu: GATEWAY_CPU, limitMs: LIMIT_MS };
    const gateway = await startSluice([command, 'gateway', ...args, ...listens, ...times], where);
    running.push(gateway);
    await wait(SETTLE_MS);
    const before = rssKib(gateway.pid);
    const load = startNode([here('load/idle.mjs'), String(gateway.port), kind, String(count)], other);
    running.push(load);
    let heartbeats = 0;
    await firstJson(load, 'the load');
    load.lines.on('line', (line) => {
      heartbeats = JSON.parse(line).heartbeats;
    });
    const kibEach = () => Number(((rssKib(gateway.pid) - before) / count).toFixed(1));
    await wait(SETTLE_MS);
    const kibAtFirst = kibEach();
    await wait(QUIET_MS);
    const kibWhenQuiet = kibEach();
    const ticks = clockTicks();
    const begun = { us: cpuUs(gateway.pid, ticks), heartbeats };
    await wait(CPU_MS);
    const us = cpuUs(gateway.pid, ticks) - begun.us;
    return {
      kind,
      count,
      kibEach: kibWhenQuiet,
      kibAtFirst,
      cpuPercent: Number((us / CPU_MS / 10).toFixed(2)),
      usAHeartbeat: Number((us / Math.max(1, heartbeats - begun.heartbeats)).toFixed(1)),
    };
  } finally {
    for (const one of running.reverse()) await one.stop();
  }
}

/** KiB of RSS that one may take. */
const REACH = { kib: 20 };

/** The rows of the bench: each kind and number of clients. */
export function idleGroup() {
  const row = (kind, count, label) => ({
    name: `idle-${kind === 'stream' ? 'sse' : kind}-${count}`,
    title: label,
    label,
    contenders: ['sluice'],
    loads: {},
    reach: REACH,
    idle: { kind, count },
  });
  return {
    name: 'idle',
    title: `Idle clients, with a heartbeat every ${HEARTBEAT_MS / 1_000} s`,
    table: 'idle',
    measure: (_settings, { row: { idle }, contender }) => measureIdle(contender.build, idle.kind, idle.count),
    rows: [
      row('stream', 1_000, '1,000 SSE streams, bridged'),
      row('stream', 10_000, '10,000 SSE streams, bridged'),
      row('session', 1_000, '1,000 sessions without a call'),
      row('session', 10_000, '10,000 sessions without a call'),
    ],
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [checkout = fileURLToPath(new URL('../..', import.meta.url)), ...counts] = process.argv.slice(2);
  const build = {
    command: join(checkout, 'dist/bin/sluice.js'),
    descriptorSet: join(checkout, 'dist/proto/sluice.binpb'),
  };
  for (const count of counts.length > 0 ? counts.map(Number) : [1_000, 10_000]) {
    for (const kind of ['stream', 'session']) {
      process.stdout.write(`${JSON.stringify(await measureIdle(build, kind, count))}\n`);
    }
  }
}
