// Makes dist/bin/main.COMMAND.*.cache: what V8 has compiled when a command listens, for the Node that builds. `bin/load-bundle.ts` reads it.
//
//     node scripts/code-cache.mjs FILE CACHE LINES     runs command lines, one after the other, and writes CACHE when it is told to; only for this module itself
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

const ADMIN = ['--admin-listen', '127.0.0.1:0'];
/** A build must not wait for ever. */
const CALL_LIMIT_MS = 60_000;
/** A unary call and a stream: the first client should not wait for a compiler either. */
const CALLS = ['/v1/stocks/AAPL', '/v1/stocks?symbols=AAPL'];

/**
 * Runs each command of the bundle in the folder `bin` of `out` on ports that are free, until it listens and has answered its first calls, and writes what V8 has
 * compiled by then. The gateway learns its methods twice, from a file and by reflection.
 */
export async function cacheCode(out) {
  const bin = join(out, 'bin');
  const { CACHED_COMMANDS, codeCacheFile } = await import(
    pathToFileURL(join(out, 'command/load-bundle.js')).href
  );
  const data = mkdtempSync(join(tmpdir(), 'sluice-build-'));
  const running = [];
  const start = async (command, ...lines) => {
    const one = startChild([join(bin, 'main.cjs'), codeCacheFile(bin, command), JSON.stringify(lines)]);
    running.push(one);
    return await one.listens(lines.length);
  };
  try {
    const core = await start('core', ['core', ...ANY, '--data-dir', join(data, 'core')]);
    const gateway = ['gateway', ...ANY, ...ADMIN, '--upstream', core.address];
    const { url } = await start(
      'gateway',
      [...gateway, '--descriptor-set', join(out, 'proto/sluice.binpb')],
      gateway,
    );
    const where = ['--core-listen', '127.0.0.1:0', '--data-dir', join(data, 'start')];
    const both = await start('start', ['start', ...ANY, ...ADMIN, ...where]);
    for (const front of [url, both.url]) for (const path of CALLS) await callOnce(`${front}${path}`);
    for (const one of running) await one.write();
    if (running.length !== CACHED_COMMANDS.length) throw new Error('a command has no code cache');
  } finally {
    for (const one of running) one.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

/** The first bytes of an answer. */
async function callOnce(url) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(CALL_LIMIT_MS) });
  if (!answer.ok) throw new Error(`no code cache, because ${url} was answered with ${answer.status}`);
  const reader = answer.body.getReader();
  await reader.read();
  await reader.cancel();
}

function startChild(args) {
  // Not what the one who builds has set for commands, nor flags of V8: with other ones it refuses the code.
  const env = { PATH: process.env.PATH };
  const child = fork(HERE, args, { env, execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const failure = async () => {
    throw new Error(`no code cache, because a command ended with ${await ended}: ${args[2]} ${errors}`);
  };
  const lines = createInterface(child.stdout);
  return {
    /** Resolves with the last line of the log that says where it listens, when there are so many of them; `start` has another one for its core. */
    async listens(count) {
      const last = args[2].includes('"core"') ? 'core listening' : 'gateway listening';
      let left = count;
      const found = new Promise((resolve) => {
        lines.on('line', (line) => {
          if (!line.includes(last)) return;
          left -= 1;
          if (left === 0) resolve(JSON.parse(line));
        });
      });
      return await Promise.race([found, failure()]);
    },
    async write() {
      child.send('write');
      if ((await ended) !== 0) await failure();
    },
    stop() {
      child.kill('SIGKILL');
    },
  };
}

if (process.argv[1] === HERE) {
  const [file, cache, lines] = process.argv.slice(2);
  const { checkedCode } = await import(new URL('../command/load-bundle.js', pathToFileURL(file)).href);
  const script = new Script(readFileSync(file, 'latin1'), { filename: file });
  process.on('message', () => {
    writeFileSync(cache, checkedCode(script.createCachedData()));
    process.exit(0);
  });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
  for (const line of JSON.parse(lines)) await module.exports.main(line, { serve() {} });
}
