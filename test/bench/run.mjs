// `npm run bench`: see options.mjs for the command line and README.md for what the numbers mean.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { checkAll } from './check.mjs';
import { CONNECT_INSTALL, createContenders, sluiceBuild } from './contenders.mjs';
import { writeDocuments } from './documents.mjs';
import { buildGoPeers, GO_INSTALL } from './go-peers.mjs';
import { clockTicks } from './measure.mjs';
import { parseOptions, USAGE } from './options.mjs';
import { canPin, here } from './processes.mjs';
import { entriesOf, runGroup } from './round.mjs';
import { createGroups } from './rows.mjs';
import { fileBytes, loadTypes } from './samples.mjs';
import { briefly, formatTable } from './table.mjs';

const MIB = 1024 * 1024;
const root = resolve(here('../..'));
const print = (text) => process.stdout.write(`${text}\n`);
/** Progress goes beside the table, so that the table can be written to a file. */
const note = (text) => process.stderr.write(`${text}\n`);

/** Groups with only the wanted rows; a name that is neither a row nor a group is an error. */
function chooseRows(groups, only) {
  if (only.length === 0) return groups;
  const names = groups.flatMap((group) => [group.name, ...group.rows.map((row) => row.name)]);
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`--only: there is no ${unknown}; --list shows the names`);
  return groups
    .map((group) => ({
      ...group,
      rows: group.rows.filter((row) => only.includes(group.name) || only.includes(row.name)),
    }))
    .filter((group) => group.rows.length > 0);
}

/** A file for the plain file pipe, in a folder of its own that goes when the process does. */
function makeFile(bytes) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'file');
  const handle = openSync(file, 'w');
  for (let offset = 0; offset < bytes; offset += MIB) writeSync(handle, fileBytes(offset, MIB));
  closeSync(handle);
  return file;
}

/** Date, machine, versions and settings: numbers without them say nothing. */
function describeRun(options, go) {
  const version = (name) =>
    JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version;
  const peers = ['@grpc/grpc-js', '@grpc/proto-loader', 'fastify', 'ws'].map(
    (name) => `${name} ${version(name)}`,
  );
  const pinned = canPin
    ? 'gateway on cpu 0, upstream and load on cpu 1'
    : 'NOT pinned: no taskset, or one processor';
  const gib = Math.round(totalmem() / 1024 ** 3);
  return [
    `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, Linux, ${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown'}, ${gib} GiB`,
    `${[...peers, ...(go.missing === undefined ? [go.versions] : [])].join(', ')}; ${pinned}`,
    `${options.rounds} interleaved round(s) of ${options.seconds} s after ${warmS(options).toFixed(1)} s of warming up, file of ${options.fileMib} MiB; medians`,
  ];
}

/** Long enough for the compiler: a gateway that runs for weeks is not measured in its first second. */
const warmS = (options) => Math.max(0.5, options.seconds / 2);

async function main(options) {
  if (options.help) return print(USAGE.trimEnd());
  if (options.from.length > 0) return present(readRuns(options.from), options);
  const { descriptorSet } = sluiceBuild(root);
  const types = loadTypes(descriptorSet);
  const bytes = options.fileMib * MIB;
  // A file to warm up with that is as large takes a second or two, as the other rows do.
  const groupsWith = (go) => createGroups(types, { fileBytes: bytes, warmFileBytes: bytes, go });
  if (options.list) {
    const all = groupsWith(true);
    for (const group of all) print(`${group.name}: ${group.rows.map((row) => row.name).join(' ')}`);
    return;
  }
  if (process.platform !== 'linux') throw new Error('processor time comes from /proc: Linux only');
  chooseRows(groupsWith(true), options.only);
  const go = options.skip.includes('go') ? { missing: 'not wanted' } : buildGoPeers(types);
  if (go.missing !== undefined) note(`Go's grpc-gateway is left out (${go.missing}): ${GO_INSTALL}`);
  const groups = chooseRows(groupsWith(go.missing === undefined), options.only);
  const file = groups.some(({ unit }) => unit === 'byte') ? makeFile(bytes) : '';
  const contenders = createContenders(options, { root, file, go });
  if (!groups.some((group) => entriesOf(group, contenders).some(({ contender }) => contender)))
    throw new Error('nobody is left to measure');
  if (options.peers === undefined) note(`Connect for Node is left out: ${CONNECT_INSTALL}, then --peers DIR`);
  if (options.check || options.checkOnly)
    await checkAll(groups, contenders, { types, descriptorSet, go }, note);
  if (options.checkOnly) return;

  const settings = {
    descriptorSet,
    go,
    rounds: options.rounds,
    pace: {
      ticks: clockTicks(),
      warmMs: warmS(options) * 1_000,
      // Calls until V8 has compiled what one runs through.
      warmCalls: options.quick ? 0 : 10_000,
      measureMs: options.seconds * 1_000,
      // Latency: p99.9 of fewer says little. Where calls are slow, time is what ends it.
      wanted: options.quick ? 200 : 10_000,
      sampleLimitMs: options.seconds * 8_000,
    },
    // A file at 20 MiB a second, or ten times the window: whatever takes longer hangs.
    limitMs: 60_000 + options.seconds * 30_000 + options.fileMib * 50,
  };
  const measured = await measureAll(groups, contenders, settings);
  present({ head: describeRun(options, go), measured, first: contenders[0]?.name }, options);
}

/** Runs of different rows as one; the first says when and where. */
function readRuns(files) {
  const runs = files.map((file) => JSON.parse(readFileSync(file, 'utf8')));
  return { ...runs[0], measured: runs.flatMap(({ measured }) => measured) };
}

/** Names and results only, as they can be written to a file and read again. */
async function measureAll(groups, contenders, settings) {
  const measured = [];
  for (const group of groups) {
    note(group.title);
    const entries = entriesOf(group, contenders).map((entry) => ({ entry, results: [] }));
    await runGroup(group, contenders, settings, (entry, round, result) => {
      const same = (other) => other.entry.row === entry.row && other.entry.contender === entry.contender;
      entries.find(same).results.push(result);
      const who = `${entry.row?.name ?? ''} ${entry.contender?.name ?? 'R'}`;
      note(`  ${round}/${settings.rounds} ${who}: ${briefly(group, result)}`);
    });
    const { name, title, unit, table } = group;
    measured.push({ group: { name, title, unit, table }, entries: entries.map(plainEntry) });
  }
  return measured;
}

function plainEntry({ entry: { row, contender }, results }) {
  if (row === undefined) return { results };
  const { name, title, label, reach } = row;
  return {
    row: { name, title, label, reach },
    contender: { name: contender.name, kind: contender.kind },
    results,
  };
}

/** Prints a run, or one from a file, and writes what else is asked for. */
function present(run, options) {
  const { head, measured, first } = run;
  print(`${head.join('\n')}\n\n${formatTable(measured, { markdown: options.markdown, first })}`);
  if (options.json !== undefined) writeFileSync(options.json, JSON.stringify(run, null, 1));
  if (options.documents === undefined) return;
  for (const file of writeDocuments(options.documents, run)) note(`written: ${file}`);
}

try {
  await main(parseOptions(process.argv.slice(2)));
  process.exit(0);
} catch (reason) {
  note(`bench: ${reason.message}`);
  process.exit(1);
}
