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
const REGISTER = `import { register } from 'node:module'; register(${JSON.stringify(asUrl(RECORDER))});`;

function asUrl(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

/** The modules of ours that `sluice gateway` has loaded when it listens, as paths from the root. */
async function modulesOf(t: Test, ...schema: string[]): Promise<string[]> {
  const listens = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--upstream', '127.0.0.1:1'];
  const child = spawn(
    process.execPath,
    [
      '--import',
      './test/support/typescript/register.mjs',
      '--import',
      asUrl(REGISTER),
      'bin/sluice.ts',
      'gateway',
      ...listens,
      ...schema,
    ],
    { cwd: ROOT, env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  t.teardown(() => child.kill('SIGKILL'));
  const loaded: string[] = [];
  createInterface(child.stderr).on('line', (line) => {
    const at = line.indexOf(`loaded file://${ROOT}`);
    if (at === 0) loaded.push(line.slice(`loaded file://${ROOT}`.length));
  });
  for await (const line of createInterface(child.stdout)) if (line.includes('gateway listening')) break;
  child.kill('SIGKILL');
  await new Promise((resolve) => child.stderr.once('close', resolve));
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
