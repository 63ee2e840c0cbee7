// Makes dist/bin/main.COMMAND.*.cache: what V8 has compiled when a command listens, for the Node that builds. `bin/load-bundle.ts` reads it.
//
//     node scripts/code-cache.mjs FILE CACHE COMMAND…     runs the command, and writes CACHE when it is told to; only for this module itself
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Script } from 'node:vm';

const HERE = fileURLToPath(import.meta.url);
const ANY = ['--listen', '127.0.0.1:0'];

/** Runs each command of the bundle in the folder `bin` of `out` until it listens, on ports that are free, and writes what V8 has compiled by then. */
export async function cacheCode(out) {
  const bin = join(out, 'bin');
  const { CACHED_COMMANDS, codeCacheFile } = await import(
    pathToFileURL(join(out, 'command/load-bundle.js')).href
  );
  const data = mkdtempSync(join(tmpdir(), 'sluice-build-'));
  const lines = {
    // Nothing listens there, and none is asked.
    gateway: [
      ...ANY,
      '--admin-listen',
      '127.0.0.1:0',
      '--upstream',
      '127.0.0.1:1',
      '--descriptor-set',
      join(out, 'proto/sluice.binpb'),
    ],
    core: [...ANY, '--data-dir', join(data, 'core')],
    start: [
      ...ANY,
      '--admin-listen',
      '127.0.0.1:0',
      '--core-listen',
      '127.0.0.1:0',
      '--data-dir',
      join(data, 'start'),
    ],
  };
  try {
    for (const command of CACHED_COMMANDS) {
      await run([join(bin, 'main.cjs'), codeCacheFile(bin, command), command, ...lines[command]]);
    }
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

async function run(args) {
  // Not what the one who builds has set for commands, nor flags of V8: with other ones it refuses the code.
  const env = { PATH: process.env.PATH };
  const child = fork(HERE, args, { env, execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  const lines = createInterface(child.stdout);
  const last = args[2] === 'core' ? '"core listening"' : '"gateway listening"';
  lines.on('line', (line) => {
    if (line.includes(last)) child.send('write');
  });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`no code cache, because sluice ${args[2]} ended with ${code}: ${errors}`);
}

if (process.argv[1] === HERE) {
  const [file, cache, ...line] = process.argv.slice(2);
  const { checkedCode } = await import(new URL('../command/load-bundle.js', pathToFileURL(file)).href);
  const script = new Script(readFileSync(file, 'latin1'), { filename: file });
  process.on('message', () => {
    writeFileSync(cache, checkedCode(script.createCachedData()));
    process.exit(0);
  });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
  await module.exports.main(line, { serve() {} });
}
