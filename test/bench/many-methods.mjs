// A schema of 10,000 methods: 2,000 resources with the five methods that a resource has, in 100 files, each with comments and an HTTP rule.
// `node test/bench/many-methods.mjs` starts the built gateway with it, from a file, from .proto files, and by reflection of a service that has it: time,
// processor time, and memory.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { median } from './numbers.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FILES = 100;
const METHODS_OF_RESOURCE = 5;

/** Writes a descriptor set with so many methods into the folder, and returns its path, and those of the sources. */
function manyMethods(folder, count) {
  const protos = join(folder, 'proto');
  for (const name of ['annotations', 'http', 'field_behavior']) {
    const path = join('google', 'api', `${name}.proto`);
    mkdirSync(dirname(join(protos, path)), { recursive: true });
    cpSync(join(ROOT, 'proto', path), join(protos, path));
  }
  const resources = count / METHODS_OF_RESOURCE;
  for (let file = 0; file < FILES; file += 1) {
    const own = Array.from({ length: resources }, (_, at) => at).filter((at) => at % FILES === file);
    writeFileSync(join(protos, `many${file}.proto`), fileText(file, own));
  }
  const out = join(folder, `many-${count}.binpb`);
  const buf = join(ROOT, 'node_modules', '@bufbuild', 'buf', 'bin', 'buf');
  execFileSync(process.execPath, [buf, 'build', protos, '--as-file-descriptor-set', '-o', out]);
  return { set: out, protos };
}

function fileText(file, resources) {
  return `syntax = "proto3";
package many.v${file};
import "google/api/annotations.proto";
import "google/api/field_behavior.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/timestamp.proto";
${resources.map((at) => messagesOf(at)).join('')}
// What there is to do with the things of file ${file}.
service Things {
${resources.map((at) => methodsOf(at)).join('')}}
`;
}

function messagesOf(at) {
  return `
// Thing ${at}, which somebody keeps.
message Thing${at} {
  // Its name: things/{thing}.
  string name = 1 [(google.api.field_behavior) = REQUIRED];
  string title = 2;
  // How much of it there is, in pieces.
  int64 size = 3;
  map<string, string> labels = 4;
  repeated Thing${at} parts = 5;
  google.protobuf.Timestamp create_time = 6 [(google.api.field_behavior) = OUTPUT_ONLY];
  enum State { STATE_UNSPECIFIED = 0; ACTIVE = 1; GONE = 2; }
  State state = 7;
  oneof source { string uri = 8; bytes content = 9; }
  optional double weight = 10;
}
message GetThing${at}Request { string name = 1 [(google.api.field_behavior) = REQUIRED]; }
message ListThing${at}Request { string parent = 1; int32 page_size = 2; string page_token = 3; string filter = 4; }
message ListThing${at}Response { repeated Thing${at} things = 1; string next_page_token = 2; }
message CreateThing${at}Request { string parent = 1; Thing${at} thing = 2; string id = 3; }
message UpdateThing${at}Request { Thing${at} thing = 1; google.protobuf.FieldMask update_mask = 2; }
message DeleteThing${at}Request { string name = 1; bool force = 2; }
`;
}

function methodsOf(at) {
  const rule = (text) => `{ option (google.api.http) = { ${text} }; }`;
  return `  // Gets thing ${at}.
  rpc GetThing${at}(GetThing${at}Request) returns (Thing${at}) ${rule(`get: "/v1/{name=shelves/*/things${at}/*}"`)}
  // Lists things ${at}, page by page.
  rpc ListThing${at}(ListThing${at}Request) returns (ListThing${at}Response) ${rule(`get: "/v1/{parent=shelves/*}/things${at}"`)}
  // Makes one.
  rpc CreateThing${at}(CreateThing${at}Request) returns (Thing${at}) ${rule(`post: "/v1/{parent=shelves/*}/things${at}" body: "thing"`)}
  // Changes what the mask says.
  rpc UpdateThing${at}(UpdateThing${at}Request) returns (Thing${at}) ${rule(`patch: "/v1/{thing.name=shelves/*/things${at}/*}" body: "thing"`)}
  // Removes it.
  rpc DeleteThing${at}(DeleteThing${at}Request) returns (google.protobuf.Empty) ${rule(`delete: "/v1/{name=shelves/*/things${at}/*}"`)}
`;
}

const FREE = '127.0.0.1:0';
const ROUNDS = 3;
const DESCRIBED = fileURLToPath(new URL('upstream/described.mjs', import.meta.url));

/** Resolves with the first line that matches. */
async function lineOf(child, pattern) {
  for await (const line of createInterface(child.stdout)) if (pattern.test(line)) return line;
  throw new Error(`it ended without ${pattern}`);
}

/** Starts a gateway with more options; resolves with its process once it listens. */
async function startGateway(args) {
  const command = [
    join(ROOT, 'dist/bin/sluice.js'),
    'gateway',
    '--listen',
    FREE,
    '--admin-listen',
    FREE,
    '--log-format',
    'json',
  ];
  const child = spawn(process.execPath, [...command, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  await lineOf(child, /"gateway listening"/);
  return child;
}

/** Milliseconds to the line that says it listens, processor time until then, and the largest resident memory in MiB. */
async function startOnce(args) {
  const begin = performance.now();
  const child = await startGateway(args);
  const ms = performance.now() - begin;
  // utime and stime, in hundredths of a second.
  const [user, system] = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
    .split(') ')[1]
    .split(' ')
    .slice(11, 13);
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  const mib = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
  child.kill('SIGTERM');
  await once(child, 'exit');
  return { ms, cpuMs: 10 * (Number(user) + Number(system)), mib };
}

/** Starts it some times, and prints the medians. */
async function measure(name, args) {
  const runs = [];
  for (let round = 0; round < ROUNDS; round += 1) runs.push(await startOnce(args));
  const of = (key) => median(runs.map((run) => run[key])).toFixed(0);
  console.log(
    `${name}: ${of('ms')} ms to listen, ${of('cpuMs')} ms of processor time, at most ${of('mib')} MiB`,
  );
}

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-many-'));
  let described;
  try {
    const { set, protos } = manyMethods(folder, Number(process.argv[2] ?? 10_000));
    const nobody = ['--upstream', '127.0.0.1:1'];
    await measure('from a file', [...nobody, '--descriptor-set', set]);
    const sources = Array.from({ length: FILES }, (_, file) => [
      '--proto',
      join(protos, `many${file}.proto`),
    ]);
    await measure('from .proto files', [...nobody, '--proto-path', protos, ...sources.flat()]);
    described = spawn(process.execPath, [DESCRIBED, set], { stdio: ['ignore', 'pipe', 'inherit'] });
    const address = (await lineOf(described, /^described on /)).split(' ').at(-1);
    await measure('by reflection', ['--upstream', address]);
  } finally {
    described?.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
