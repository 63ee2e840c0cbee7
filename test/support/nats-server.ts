import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import { ownPort } from './own-port.js';

/** Debian puts it where daemons are, which is not in everybody's PATH. */
const ENV = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };

/** Why tests with NATS are skipped; false: they run. */
export const NO_NATS: string | false =
  spawnSync('nats-server', ['--version'], { env: ENV }).status === 0
    ? false
    : 'nats-server is not installed (Debian: nats-server)';

/** A server of NATS with JetStream on loopback, whose files are the test's. */
export interface NatsServer {
  /** "HOST:PORT". */
  readonly address: string;
  /** Kills the process, as a crash does. */
  kill(): Promise<void>;
  /** Stops the process, whose connections stay, or lets it go on. */
  stop(isStopped: boolean): void;
  /** Starts it again, with what it has kept. */
  start(): Promise<void>;
}

export async function openNats(t: Test, ...more: string[]): Promise<NatsServer> {
  return await openNatsIn(t, t.testdir(), more);
}

/** So many servers of one cluster. */
export async function openNatsCluster(t: Test, count: number): Promise<NatsServer[]> {
  const names = Array.from({ length: count }, (_, index) => `n${index + 1}`);
  const directory = t.testdir(Object.fromEntries(names.map((name) => [name, {}])));
  const ports: number[] = [];
  // Of each the one at which others of the cluster find it. Kept a while, so that none is given twice.
  for (const _ of names) ports.push(await ownPort(ports));
  const routes = ports.map((port) => `nats://127.0.0.1:${port}`).join(',');
  const servers: NatsServer[] = [];
  for (const [index, name] of names.entries()) {
    const cluster = ['-cluster_name', 'sluice', '-cluster', `nats://127.0.0.1:${ports[index]}`];
    const more = ['-server_name', name, ...cluster, '-routes', routes];
    const port = await ownPort(ports);
    ports.push(port);
    servers.push(await openNatsIn(t, join(directory, name), more, port));
  }
  return servers;
}

async function openNatsIn(
  t: Test,
  directory: string,
  more: readonly string[],
  given?: number,
): Promise<NatsServer> {
  const port = given ?? (await ownPort());
  let child: ChildProcess | undefined;
  const kill = async () => {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null) return;
    running.kill('SIGKILL');
    await once(running, 'close');
  };
  const stop = (isStopped: boolean) => {
    child?.kill(isStopped ? 'SIGSTOP' : 'SIGCONT');
  };
  const start = async () => {
    const line = ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', directory, ...more];
    const started = spawn('nats-server', line, { env: ENV, stdio: ['ignore', 'ignore', 'pipe'] });
    child = started;
    for await (const text of createInterface(started.stderr)) if (text.includes('Server is ready')) break;
    started.stderr.resume();
  };
  t.teardown(kill);
  await start();
  return { address: `127.0.0.1:${port}`, kill, stop, start };
}
