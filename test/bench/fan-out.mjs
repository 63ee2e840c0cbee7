// What it costs to give one stream to many: the gateway's processor time for one message to one reader of a shared recording, how late the readers of a
// write get it, what an idle reader takes, and how long all need who were cut at once.
//
//     node test/bench/fan-out.mjs [CHECKOUT [ROW…]]     one line of JSON a row; by default this checkout and all rows. In its place: `fan-out-socket` or `fan-out-response`, a bound
//
// 5,000 readers need as many file descriptors in the gateway and in the load: `ulimit -n` has to allow more.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  firstJson,
  GATEWAY_CPU,
  here,
  OTHER_CPU,
  startCommand,
  startServer,
  startSluice,
} from './processes.mjs';
import { SERVICE } from './samples.mjs';

const LIMIT_MS = 150_000;
const MEASURE_MS = 4_000;
/** Then a quiet process has collected its garbage, and V8 has given up the room for young objects. */
const IDLE_MS = 30_000;

const CONFIG = {
  methods: { [`${SERVICE}/GetStockPrices`]: { recording: { sharing: 'everyone', start: 'now' } } },
};

/** `{ usEach, p50, p99, rounds, calls, kibEach?, stormS?, stormCalls? }`, the times of deliveries in milliseconds after the write of the service. */
export async function measureFanOut(contender, descriptorSet, settings) {
  const load = startCommand(
    [
      process.execPath,
      '--import',
      here('watchdog.mjs'),
      here('load/fan-out.mjs'),
      descriptorSet,
      JSON.stringify({ measureMs: MEASURE_MS, ...settings }),
    ],
    { cpu: OTHER_CPU, limitMs: LIMIT_MS, stdin: 'pipe' },
  );
  const running = [load];
  try {
    const { port } = await firstJson(load, 'the service');
    const gateway = await startOf(contender, settings)(port, LIMIT_MS);
    running.push(gateway);
    const result = firstJson(load, 'the readers');
    load.stdin.write(`${JSON.stringify({ port: gateway.port, pid: gateway.pid })}\n`);
    return await result;
  } finally {
    for (const one of running.reverse()) await one.stop();
  }
}

/** A gateway that shares the stream, unless it is not to be recorded, or a bound that has a start of its own. */
function startOf({ build, start }, { isRecorded = true }) {
  const config = isRecorded ? CONFIG : {};
  return build === undefined ? start : (port, limitMs) => startWith(config, build, port, limitMs);
}

async function startWith(methods, { command, descriptorSet }, port, limitMs) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-fan-out-'));
  const config = join(folder, 'sluice.yaml');
  writeFileSync(config, JSON.stringify(methods));
  const listens = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--log-level', 'warn'];
  const args = ['--upstream', `127.0.0.1:${port}`, '--config', config, '--descriptor-set', descriptorSet];
  try {
    return await startSluice([command, 'gateway', ...listens, ...args, '--heartbeat-ms', '600000'], {
      cpu: GATEWAY_CPU,
      limitMs,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Servers on node:http that give one stream to many and do nothing else: see peers/fan-out.mjs. */
export function fanOutBounds(descriptorSet) {
  const bound = (mode, name) => ({
    kind: `fan-out-${mode}`,
    name,
    start: (port, limitMs) =>
      startServer('peers/fan-out.mjs', [mode, String(port), descriptorSet], { cpu: GATEWAY_CPU, limitMs }),
  });
  return [
    bound('response', 'node:http, response.write'),
    bound('socket', 'node:http, finished chunks to sockets'),
  ];
}

const row = (name, title, fanOut, reach) => ({
  name,
  title,
  label: title,
  contenders:
    fanOut.readers === 1 || fanOut.stalled !== undefined
      ? ['sluice']
      : ['sluice', 'fan-out-response', 'fan-out-socket'],
  loads: {},
  fanOut,
  reach,
});

const ROWS = [
  row(
    'fan-out-1000',
    '1,000 readers, one message a write',
    { readers: 1_000, messages: 1, idleMs: IDLE_MS },
    { us: 5.5, kib: 14 },
  ),
  row(
    'fan-out-1000-8',
    '1,000 readers, eight messages a write',
    { readers: 1_000, messages: 8 },
    { us: 1.4 },
  ),
  row(
    'fan-out-5000',
    '5,000 readers, one message a write; cut at once',
    { readers: 5_000, messages: 1, idleMs: IDLE_MS, storm: true },
    { us: 7.5, storm: 10 },
  ),
  row(
    'fan-out-5000-8',
    '5,000 readers, eight messages a write',
    { readers: 5_000, messages: 8 },
    { us: 1.7 },
  ),
  row(
    'fan-out-stalled',
    '5,000 readers, one message a write; one more reads nothing',
    { readers: 5_001, messages: 1, stalled: 1 },
    { us: 7.5 },
  ),
  row('recorded-1', 'one reader, eight messages a write', { readers: 1, messages: 8 }),
  row('unrecorded-1', 'the same, not recorded', { readers: 1, messages: 8, isRecorded: false }),
];

/** The rows of the bench. */
export function fanOutGroup() {
  return {
    name: 'fan-out',
    title:
      'SSE readers of one shared stream; the next write of the service comes when all have the one before',
    table: 'fan-out',
    measure: ({ descriptorSet }, { row: { fanOut }, contender }) =>
      measureFanOut(contender, descriptorSet, fanOut),
    rows: ROWS,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const [who = root, ...names] = process.argv.slice(2);
  const descriptorSet = join(root, 'dist/proto/sluice.binpb');
  const contender = fanOutBounds(descriptorSet).find(({ kind }) => kind === who) ?? {
    build: {
      command: join(who, 'dist/bin/sluice.js'),
      descriptorSet: join(who, 'dist/proto/sluice.binpb'),
    },
  };
  for (const { name, fanOut } of ROWS.filter((one) => names.length === 0 || names.includes(one.name))) {
    const result = await measureFanOut(contender, descriptorSet, fanOut);
    process.stdout.write(`${JSON.stringify({ name, ...result })}\n`);
  }
}
