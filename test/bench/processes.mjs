// Starting and stopping the processes of a run: pinned, bounded in time, each stopped by its own process id.
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import http from 'node:http';
import { availableParallelism } from 'node:os';
import { isAbsolute } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const START_LIMIT_MS = 20_000;
const STDERR_BYTES = 4_000;
const running = new Set();

/** The processor of the gateway, and the one of everything else. */
export const GATEWAY_CPU = 0;
export const OTHER_CPU = 1;

/** Pinning needs `taskset` and a second processor; without it the numbers are noisier, and the table says so. */
export const canPin = availableParallelism() > 1 && spawnSync('taskset', ['-c', '1', 'true']).status === 0;

/** A file of this folder. */
export function here(path) {
  return fileURLToPath(new URL(path, import.meta.url));
}

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

/** All load comes from one address. As variables, because a build that is compared may not know the flags. */
const NO_LIMITS = {
  SLUICE_EXCHANGES_PER_ADDRESS: '0',
  SLUICE_CONNECTIONS_PER_ADDRESS: '0',
  SLUICE_CALLS_PER_SECOND: '0',
  SLUICE_EVENT_LOOP_DELAY_MS: '0',
};

/** Go's peers get one processor like everybody; without this its scheduler starts threads for all of the machine's. */
const ONE_PROCESSOR = { GOMAXPROCS: '1' };

/**
 * Runs a command on a processor. `lines` gives its standard output, `errors` its standard error, `ended` settles when it is gone, `stop()`
 * ends it and waits for that. After `limitMs` it is killed whatever it does.
 */
export function startCommand(command, { cpu, limitMs, stdin = 'ignore' }) {
  const pinned = canPin ? ['taskset', '-c', String(cpu), ...command] : command;
  const child = spawn(pinned[0], pinned.slice(1), {
    stdio: [stdin, 'pipe', 'pipe'],
    env: { ...process.env, ...NO_LIMITS, ...ONE_PROCESSOR, BENCH_LIMIT_MS: String(limitMs) },
  });
  running.add(child);
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaint = (complaint + text).slice(-STDERR_BYTES);
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
  const ended = new Promise((resolve) => {
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ code, signal });
    });
    child.once('error', (reason) => resolve({ code: reason.message, signal: null }));
  });
  return {
    pid: child.pid,
    stdin: child.stdin,
    ended,
    lines: createInterface({ input: child.stdout }),
    errors: createInterface({ input: child.stderr }),
    complaint: () => complaint.trim(),
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** `node args` as a process of this run. */
export function startNode(args, where) {
  return startCommand([process.execPath, '--import', here('watchdog.mjs'), ...args], where);
}

/** The first line of JSON a process prints; rejects, with what it wrote to the standard error, when it ends before. */
export async function firstJson(running, what) {
  return await new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`${what}: ${why}\n${running.complaint()}`));
    running.lines.once('line', (line) => {
      try {
        resolve(JSON.parse(line));
      } catch {
        fail(`unexpected output ${line}`);
      }
    });
    running.ended.then(({ code, signal }) => fail(`ended (${code ?? signal}) without a result`));
  });
}

/** Starts a server that prints `{"port":N}`: a file of this folder, or a program by its absolute path. */
export async function startServer(file, args, where) {
  const server = isAbsolute(file)
    ? startCommand([file, ...args], where)
    : startNode([here(file), ...args], where);
  const { port } = await firstJson(server, file);
  return { ...server, port };
}

/** The TCP ports a process listens on, from /proc: a process that is asked to be quiet need not tell. */
function listeningPorts(pid) {
  const sockets = new Set();
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? [];
      if (inode !== undefined) sockets.add(inode);
    } catch {
      // Closed between listing and looking.
    }
  }
  const LISTEN = '0A';
  return readFileSync(`/proc/${pid}/net/tcp`, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[3] === LISTEN && sockets.has(columns[9]))
    .map((columns) => Number.parseInt(columns[1].split(':')[1], 16));
}

async function httpStatus(port, path) {
  return await new Promise((resolve) => {
    const request = http.get({ host: '127.0.0.1', port, path, agent: false, timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(0));
  });
}

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Starts a Sluice gateway and waits until it is ready: one of its two ports answers /readyz with 200, and the other
 * is the one for browsers.
 */
export async function startSluice(args, { cpu, limitMs }) {
  const gateway = startNode(args, { cpu, limitMs });
  let gone;
  void gateway.ended.then((end) => {
    gone = end;
  });
  const limit = Date.now() + START_LIMIT_MS;
  while (Date.now() < limit) {
    if (gone) throw new Error(`the gateway ended (${gone.code ?? gone.signal})\n${gateway.complaint()}`);
    const ports = listeningPorts(gateway.pid);
    if (ports.length === 2) {
      for (const [admin, port] of [ports, [...ports].reverse()]) {
        if ((await httpStatus(admin, '/readyz')) === 200) return { ...gateway, port };
      }
    }
    await wait(50);
  }
  await gateway.stop();
  throw new Error(`the gateway was not ready within ${START_LIMIT_MS} ms\n${gateway.complaint()}`);
}
