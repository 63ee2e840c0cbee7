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
export function start(file, args, options = {}) {
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

async function startGateway(upstreamPort, transport, isProbed) {
  const gateway = start(
    command,
    [
      'gateway',
      ...['--upstream', `127.0.0.1:${upstreamPort}`, '--transport', transport],
      ...['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--log-level', 'info', '--no-page'],
      // All clients are of one address.
      ...['--exchanges-per-address', '0', '--connections-per-address', '0'],
      ...['--event-loop-delay-ms', '0'],
      // What each of them holds is measured, and not who is refused: their large messages are more than that together.
      ...['--unfinished-bytes', '0'],
      // A client that pauses before its socket is full would be missed for its pongs.
      ...['--heartbeat-ms', '3600000'],
      ...['--proto', `${root}/test/support/proto/foreign.proto`, '--proto', here('stalled.proto')],
      ...['--proto-path', `${root}/test/support/proto`, '--proto-path', here('.')],
      ...['--proto-path', `${root}/proto`],
    ],
    {
      execArgv: isProbed ? ['--expose-gc', '--import', here('probe.mjs')] : [],
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    },
  );
  /** How calls ended that did not end by their client leaving, and how often. */
  const ends = new Map();
  const { url, adminUrl } = await new Promise((resolve, reject) => {
    gateway.child.once('exit', () => reject(new Error('the gateway did not start')));
    createInterface(gateway.child.stdout).on('line', (line) => {
      const entry = JSON.parse(line);
      if (entry.msg === 'gateway listening') resolve(entry);
      if (entry.msg !== 'call' || entry.aborted === 'left') return;
      const end = `${entry.code} ${entry.problem ?? ''}`.trim();
      ends.set(end, (ends.get(end) ?? 0) + 1);
    });
  });
  return { gateway, url, adminUrl, ends };
}

/** What a gateway holds in pages, as it says: none of it goes by itself. */
export async function waitingBytes(adminUrl) {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  return Number(/^sluice_waiting_bytes (\d+)$/m.exec(text)?.[1] ?? 0);
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

/** What a row is about once its clients have begun: `ask` says what has moved so far, `openCalls` how many calls reached the service. */
async function beginRow(
  { surface, transport, messageBytes, limitBytes = Number.POSITIVE_INFINITY },
  isProbed,
) {
  const upstream = start(here('upstream.mjs'), [String(messageBytes), String(limitBytes)]);
  const running = [upstream];
  const { port } = await upstream.next();
  const { gateway, url, adminUrl, ends } = await startGateway(port, transport, isProbed);
  running.push(gateway);
  return {
    gateway,
    upstreamPid: upstream.child.pid,
    ends: () => [...ends].map(([end, count]) => `${count} x ${end}`),
    openCalls: async () => (await upstream.ask('status')).open,
    sent: async () => (await upstream.ask('status')).sent,
    waiting: () => waitingBytes(adminUrl),
    async join(count) {
      const { open } = await upstream.ask('hold');
      const clients = start(here('clients.mjs'), [surface, String(count), String(messageBytes), url]);
      running.push(clients);
      await clients.next();
      // Calls of some surfaces begin with their first message.
      let last = open;
      for (let same = 0; last < open + count && same < 20; same += 1) {
        await pause(100);
        const now = (await upstream.ask('status')).open;
        if (now !== last) same = 0;
        last = now;
      }
      await upstream.ask('go');
      await clients.ask('go');
      return clients;
    },
    stop: () => Promise.all(running.map((one) => one.stop())),
  };
}

/**
 * Lets `readers` clients of a surface begin and stall. Resolves with how far the gateway's resident memory grew: above that of a process
 * that nobody has asked for anything, when everything has come to a stop (`heldBytes`), `holdMs` later (`laterBytes`), at its most
 * (`peakBytes`), and `afterMs` after all of them have left (`afterBytes`). The process is left alone: nothing collects its garbage, and nothing asks it.
 */
export async function stallResident(row) {
  const { readers, holdMs, quietMs, afterMs } = row;
  const stage = await beginRow(row, false);
  try {
    const { pid } = stage.gateway.child;
    // What starting leaves behind is collected, or not, by then.
    await pause(quietMs);
    const before = rssOf(pid);
    let peak = before;
    const watch = setInterval(() => {
      peak = Math.max(peak, rssOf(pid));
    }, 100);
    const clients = await stage.join(readers);
    // Nobody has come to a stop who is busy, or waits for a processor, even if nothing comes from the service for a while.
    const all = [pid, stage.upstreamPid, clients.child.pid];
    let times = all.map(busyMsOf);
    const isBusy = () => {
      const last = times;
      times = all.map(busyMsOf);
      return times.some((time, index) => time - last[index] > BUSY_SHARE * ((4 * quietMs) / 6));
    };
    let busy = 0;
    await settled(async () => {
      busy += isBusy() ? 1 : 0;
      return `${await stage.openCalls()} ${await stage.sent()} ${(await clients.ask('status')).written} ${busy}`;
      // A gateway that has had nothing to do for ten seconds has collected its garbage twice.
    }, 4 * quietMs);
    const stalled = rssOf(pid);
    const calls = await stage.openCalls();
    const kernelFull = isKernelFull();
    await pause(holdMs);
    const later = rssOf(pid);
    clearInterval(watch);
    await clients.stop();
    await pause(afterMs);
    const left = await stage.openCalls();
    const waiting = await stage.waiting();
    const after = rssOf(pid);
    return {
      calls,
      kernelFull,
      ends: stage.ends(),
      heldBytes: stalled - before,
      laterBytes: later - before,
      peakBytes: peak - before,
      afterBytes: after - before,
      beforeBytes: before,
      left,
      waiting,
    };
  } finally {
    await stage.stop();
  }
}

/**
 * The same in what V8 knows of, heap and external memory, after garbage collections and after a few clients have warmed the code: exact
 * enough for a few dozen clients.
 */
export async function stallHeld(row) {
  const { readers, holdMs, quietMs } = row;
  const stage = await beginRow(row, true);
  try {
    const { gateway } = stage;
    /** What the gateway has moved must settle as well: on a busy machine it may have no turn for a second, and then go on. */
    const settle = (value) => settled(async () => `${await gateway.ask('moved')} ${await value()}`, quietMs);
    // A few clients first: what code and connections cost once is not what a client costs.
    const warm = await stage.join(20);
    await pause(quietMs / 2);
    await warm.stop();
    await settle(stage.openCalls);
    const before = await gateway.ask('memory');
    const clients = await stage.join(readers);
    await settle(
      async () => `${await stage.openCalls()} ${await stage.sent()} ${(await clients.ask('status')).written}`,
    );
    const stalled = await gateway.ask('memory');
    const calls = await stage.openCalls();
    const kernelFull = isKernelFull();
    await pause(holdMs);
    const later = await gateway.ask('memory');
    await clients.stop();
    await settle(stage.openCalls);
    const left = await stage.openCalls();
    const waiting = await stage.waiting();
    const after = await gateway.ask('memory');
    return {
      calls,
      kernelFull,
      ends: stage.ends(),
      heldBytes: held(stalled) - held(before),
      laterBytes: held(later) - held(before),
      afterBytes: held(after) - held(before),
      left,
      waiting,
    };
  } finally {
    await stage.stop();
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

export function rssOf(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
}

/** A process that wanted a processor for less than this share of the time only looks after its timers. */
const BUSY_SHARE = 0.16;

/** How long a process has had a processor so far, or has waited for one, in milliseconds: of its main thread, which is where all of ours work. */
function busyMsOf(pid) {
  const [had, waited] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ').map(Number);
  return (had + waited) / 1e6;
}
