// From spawn to the line that says it listens, against `node -e 0` in turns with it: what a gateway that scales to zero keeps its
// first client waiting for. No load, no upstream but the core that reflection asks.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from './numbers.mjs';
import { GATEWAY_CPU, OTHER_CPU, startCommand } from './processes.mjs';
import { nowMs } from './slices.mjs';

/** Pairs of starts in one measurement; the median of each is taken. */
const PAIRS = 7;
const LIMIT_MS = 60_000;
const FREE = '127.0.0.1:0';
const REACH = { empty: 3.5 };

const GATEWAY = ['gateway', '--listen', FREE, '--admin-listen', FREE, '--log-format', 'json', '--no-page'];

/** Every command, by the name of its row: what it runs, and the line to wait for. */
const COMMANDS = {
  'start-gateway': (contender) =>
    contender.build === undefined
      ? { args: contender.command(1), line: /"port":/ }
      : {
          args: sluiceArgs(contender, [...GATEWAY, '--descriptor-set', contender.build.descriptorSet]),
          line: /gateway listening/,
        },
  'start-reflection': (contender, port) => ({
    args: sluiceArgs(contender, [...GATEWAY, '--upstream', `127.0.0.1:${port}`]),
    line: /gateway listening/,
  }),
  'start-core': (contender, _port, folder) => ({ args: coreArgs(contender, folder), line: /core listening/ }),
};

const sluiceArgs = ({ build }, args) => [process.execPath, build.command, ...args];
const coreArgs = (contender, folder) =>
  sluiceArgs(contender, ['core', '--listen', FREE, '--data-dir', folder, '--log-format', 'json']);

/** Starts a command and resolves with `{ ms, match, process }` once it has printed what matches `line`. */
async function untilLine({ args, line }, cpu) {
  const begin = nowMs();
  const child = startCommand(args, { cpu, limitMs: LIMIT_MS });
  return await new Promise((resolve, reject) => {
    const look = (text) => {
      if (line.test(text)) resolve({ ms: nowMs() - begin, text, child });
    };
    child.lines.on('line', look);
    child.errors.on('line', look);
    void child.ended.then(({ code }) =>
      reject(new Error(`${args[1]} ended (${code})\n${child.complaint()}`)),
    );
  });
}

async function startOnce(command) {
  const { ms, child } = await untilLine(command, GATEWAY_CPU);
  await child.stop();
  return ms;
}

/** The floor: a Node that does nothing, from spawn to its end. */
async function emptyOnce() {
  const begin = nowMs();
  const child = startCommand([process.execPath, '-e', '0'], { cpu: GATEWAY_CPU, limitMs: LIMIT_MS });
  await child.ended;
  return nowMs() - begin;
}

async function measureStart(_settings, { row, contender }) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-start-'));
  let core;
  try {
    if (row.name === 'start-reflection') {
      core = await untilLine({ args: coreArgs(contender, folder), line: /core listening/ }, OTHER_CPU);
    }
    const port = core && /127\.0\.0\.1:(\d+)/.exec(core.text)[1];
    const command = COMMANDS[row.name](contender, port, folder);
    const times = { empty: [], start: [] };
    for (let pair = 0; pair < PAIRS; pair += 1) {
      times.empty.push(await emptyOnce());
      times.start.push(await startOnce(command));
    }
    return { startMs: median(times.start), emptyMs: median(times.empty) };
  } finally {
    await core?.child.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

export function startGroup() {
  const row = (name, label, contenders) => ({
    name,
    title: label,
    label,
    contenders,
    loads: {},
    reach: REACH,
  });
  return {
    name: 'start',
    title: 'Cold start, from spawn to the line that says it listens',
    table: 'start',
    measure: measureStart,
    rows: [
      row('start-gateway', 'gateway, schema from a file', ['sluice', 'hand-written', 'go', 'connect']),
      row('start-reflection', 'gateway, schema by reflection', ['sluice']),
      row('start-core', 'core', ['sluice']),
    ],
  };
}
