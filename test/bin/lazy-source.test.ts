import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { descriptorSetFromProtoFiles } from '../../gateway/schema/index.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PROTO = join(ROOT, 'proto', 'streaming.proto');

/** Prints the address of every module that is loaded, on standard error. */
const RECORDER = `import { writeSync } from 'node:fs';
export async function load(url, context, next) { writeSync(2, 'loaded ' + url + '\\n'); return next(url, context); }`;
/** What is not asked of the loader of modules is required, and stands in its cache at the end. */
const REGISTER = `import { writeSync } from 'node:fs'; import { Module, register } from 'node:module'; register(${JSON.stringify(asUrl(RECORDER))});
process.on('exit', () => { for (const file of Object.keys(Module._cache)) writeSync(2, 'loaded file://' + file + '\\n'); });`;

function asUrl(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

/** The modules that `sluice gateway` has loaded when it listens, ours and those of packages, as paths from the root. */
async function modulesOf(t: Test, ...schema: string[]): Promise<string[]> {
  const listens = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--upstream', '127.0.0.1:1'];
  return await loadedBy(t, 'gateway', ...listens, ...schema);
}

/** The same for any command. */
async function loadedBy(t: Test, ...line: string[]): Promise<string[]> {
  const child = spawn(
    process.execPath,
    [
      '--import',
      './test/support/typescript/register.mjs',
      '--import',
      asUrl(REGISTER),
      'bin/sluice.ts',
      ...line,
    ],
    { cwd: ROOT, env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  t.teardown(() => child.kill('SIGKILL'));
  const loaded: string[] = [];
  const closed = new Promise((resolve) => child.stderr.once('close', resolve));
  createInterface(child.stderr).on('line', (line) => {
    const at = line.indexOf(`loaded file://${ROOT}`);
    if (at === 0) loaded.push(line.slice(`loaded file://${ROOT}`.length));
  });
  for await (const line of createInterface(child.stdout)) if (line.includes(' listening')) break;
  child.kill('SIGTERM');
  await closed;
  return loaded;
}

t.test('the .proto reader is loaded for --proto only', async (t) => {
  const set = join(t.testdir(), 'set.binpb');
  writeFileSync(set, await descriptorSetFromProtoFiles([PROTO]));
  const isReader = (path: string) => path.startsWith('gateway/schema/source/');
  const bySet = await modulesOf(t, '--descriptor-set', set);
  t.ok(bySet.includes('gateway/schema/load/descriptor-set.ts'), 'the list is one of modules');
  t.same(bySet.filter(isReader), []);
  const byProto = await modulesOf(t, '--proto', PROTO);
  t.ok(byProto.filter(isReader).length > 5);
});

/** The parts of paths that a list of modules has. */
function partsOf(loaded: readonly string[], parts: readonly string[]): string[] {
  return parts.filter((part) => loaded.some((path) => path.includes(part)));
}

t.test('a command loads nothing that it does not need', async (t) => {
  const set = join(t.testdir(), 'set.binpb');
  writeFileSync(set, await descriptorSetFromProtoFiles([PROTO]));
  const gateway = await modulesOf(t, '--descriptor-set', set);
  t.same(
    partsOf(gateway, ['fastify/fastify.js', 'avvio', 'gateway/server/']).length,
    3,
    'the list has packages',
  );
  // The core and its database, the reference transport, compilers for schemas of Fastify, writers of metrics, readers of configuration files.
  const unused = [
    'grpc-core/core',
    '@grpc/',
    'protobufjs',
    'classic-level',
    'ajv/',
    'fast-json-stringify/index',
    'prom-client',
  ];
  t.same(partsOf(gateway, [...unused, 'opentelemetry', 'light-my-request', '/yaml/', '/zod/', '/jose/']), []);
  const core = await loadedBy(t, 'core', '--listen', '127.0.0.1:0', '--data-dir', t.testdir());
  t.same(partsOf(core, ['@grpc/grpc-js', 'classic-level', 'grpc-core/']).length, 3, 'the list has packages');
  t.same(partsOf(core, ['gateway/server/', 'gateway/surfaces/', 'fastify', 'prom-client', '/zod/']), []);
  // Readers of .proto files, and what the first call and the first client of reflection need.
  t.same(partsOf(core, ['proto-loader', 'protobufjs', '@bufbuild/protobuf', 'reflection/descriptors']), []);
});

t.test('a command that calls loads no server, and help of it nothing that calls', async (t) => {
  const set = join(t.testdir(), 'set.binpb');
  writeFileSync(set, await descriptorSetFromProtoFiles([PROTO]));
  const call = await loadedBy(t, 'call', '127.0.0.1:1', '--grpc', '--descriptor-set', set, 'GetStockQuote');
  t.same(
    partsOf(call, ['bin/call/run-call', 'gateway/upstream/http2/', 'gateway/codec/']).length,
    3,
    'the list is one of modules',
  );
  const servers = [
    'gateway/server/',
    'gateway/surfaces/',
    'gateway/recording/',
    'gateway/security/',
    'grpc-core/core',
    'fastify',
    'pino',
    'bin/run/',
  ];
  t.same(
    partsOf(call, [
      ...servers,
      '@grpc/',
      'protobufjs',
      'prom-client',
      'node_modules/ws/',
      '/yaml/',
      '/zod/',
      '/jose/',
    ]),
    [],
  );
  t.same(
    call.filter((path) => path.startsWith('gateway/schema/source/')),
    [],
  );
  const help = await loadedBy(t, 'call', '--help');
  t.same(partsOf(help, ['bin/call/', 'gateway/codec/', 'gateway/schema/', '@bufbuild/']), []);
});
