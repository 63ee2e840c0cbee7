// One row: a service, a gateway and clients, each in a process of its own, and what the gateway holds meanwhile.
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const root = here('../../..');
/** The built command; another one for those who work on the gateway. */
const command = process.env.SLUICE_COMMAND ?? `${root}/dist/bin/sluice.js`;

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A process of ours, and a way to ask it something. */
function start(file, args, options = {}) {
  const child = fork(file, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], ...options });
  const told = [];
  const waiting = [];
  child.on('message', (message) => {
    const resolve = waiting.shift();
    if (resolve) resolve(message);
    else told.push(message);
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  return {
    child,
    next: () =>
      told.length > 0 ? Promise.resolve(told.shift()) : new Promise((resolve) => waiting.push(resolve)),
    async ask(question) {
      child.send(question);
      return await this.next();
    },
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function startGateway(upstreamPort, transport) {
  const gateway = start(
    command,
    [
      'gateway',
      ...['--upstream', `127.0.0.1:${upstreamPort}`, '--transport', transport],
      ...['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--log-level', 'info', '--no-page'],
      // All clients are of one address.
      ...['--exchanges-per-address', '0', '--connections-per-address', '0'],
      // A client that pauses before its socket is full would be missed for its pongs.
      ...['--heartbeat-ms', '3600000'],
      ...['--proto', `${root}/test/support/proto/foreign.proto`],
      ...['--proto-path', `${root}/test/support/proto`, '--proto-path', `${root}/proto`],
    ],
    {
      execArgv: ['--expose-gc', '--import', here('probe.mjs')],
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    },
  );
  /** How calls ended that did not end by their client leaving, and how often. */
  const ends = new Map();
  const url = await new Promise((resolve, reject) => {
    gateway.child.once('exit', () => reject(new Error('the gateway did not start')));
    createInterface(gateway.child.stdout).on('line', (line) => {
      const entry = JSON.parse(line);
      if (entry.msg === 'gateway listening') resolve(entry.url);
      if (entry.msg !== 'call' || entry.aborted === 'left') return;
      const end = `${entry.code} ${entry.problem ?? ''}`.trim();
      ends.set(end, (ends.get(end) ?? 0) + 1);
    });
  });
  return { gateway, url, ends };
}

/** Waits until a value has stopped changing: the same six times in a row within `quietMs`, or longer where nobody has the time to change it. */
async function settled(value, quietMs) {
  let last = await value();
  for (let same = 0, n = 0; same < 6 && n < 120; n += 1) {
    await pause(quietMs / 6);
    const now = await value();
    same = now === last ? same + 1 : 0;
    last = now;
  }
}

/**
 * Lets `readers` clients of a surface begin and stall. Resolves with the bytes that the gateway holds more than before, right after
 * everything has come to a stop and `holdMs` later, the most RSS that was seen, and how many calls reached the service.
 */
export async function stall({ surface, transport, readers, messageBytes, holdMs, quietMs }) {
  const upstream = start(here('upstream.mjs'), [String(messageBytes)]);
  const running = [upstream];
  try {
    const { port } = await upstream.next();
    const { gateway, url, ends } = await startGateway(port, transport);
    running.push(gateway);
    /** What the gateway has moved must settle as well: on a busy machine it may have no turn for a second, and then go on. */
    const settle = (value) => settled(async () => `${await gateway.ask('moved')} ${await value()}`, quietMs);
    const openCalls = async () => (await upstream.ask('status')).open;
    // A few clients first: what code and connections cost once is not what a client costs.
    const warm = start(here('clients.mjs'), [surface, '20', String(messageBytes), url]);
    running.push(warm);
    await warm.next();
    await pause(quietMs / 2);
    await warm.stop();
    await settle(openCalls);
    const before = await gateway.ask('memory');
    const clients = start(here('clients.mjs'), [surface, String(readers), String(messageBytes), url]);
    running.push(clients);
    let peak = before.rss;
    let watching = true;
    const watch = (async () => {
      while (watching) {
        peak = Math.max(peak, rssOf(gateway.child.pid));
        await pause(100);
      }
    })();
    await clients.next();
    const moved = async () => {
      const { sent, open } = await upstream.ask('status');
      return `${open} ${sent} ${(await clients.ask('status')).written}`;
    };
    await settle(moved);
    const stalled = await gateway.ask('memory');
    const open = await openCalls();
    const kernelFull = isKernelFull();
    await pause(holdMs);
    const later = await gateway.ask('memory');
    watching = false;
    await watch;
    await clients.stop();
    await settle(openCalls);
    const left = await openCalls();
    const after = await gateway.ask('memory');
    return {
      calls: open,
      kernelFull,
      ends: [...ends].map(([end, count]) => `${count} x ${end}`),
      heldBytes: held(stalled) - held(before),
      laterBytes: held(later) - held(before),
      afterBytes: held(after) - held(before),
      rssBytes: later.rss - before.rss,
      peakBytes: peak - before.rss,
      left,
    };
  } finally {
    await Promise.all(running.map((one) => one.stop()));
  }
}

const held = ({ heapUsed, external }) => heapUsed + external;

/**
 * Whether the kernel has used up what it has for TCP (net.ipv4.tcp_mem): then it drops what arrives, on every connection, and calls
 * whose connection to the service is hit cannot begin. Its buffers are no part of the gateway's.
 */
function isKernelFull() {
  const used = Number(/^TCP: .* mem (\d+)$/m.exec(readFileSync('/proc/net/sockstat', 'utf8'))?.[1]);
  const most = Number(readFileSync('/proc/sys/net/ipv4/tcp_mem', 'utf8').trim().split(/\s+/)[2]);
  return used >= most;
}

function rssOf(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
}
