import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'tap';
import { ownPort } from './own-port.js';

/** The proxies of Debian that tests stand in front of a gateway. */
export type ProxyName = 'nginx' | 'haproxy';

/** A proxy that runs. */
export interface RunningProxy {
  /** "http://127.0.0.1:port" */
  readonly url: string;
  /** What it has logged of errors. */
  readonly log: () => string;
}

/** Daemons are not in everybody's PATH. */
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];

/** How long a proxy may take to listen, on a machine under full load, in milliseconds. */
const START_MS = 30_000;

/** Why tests with a proxy cannot run here; false where they can. */
export function proxyMissing(name: ProxyName): string | false {
  if (fileOf(name) !== undefined) return false;
  return `no ${name}: install Debian's package ${name === 'nginx' ? 'nginx-light' : name}`;
}

function fileOf(name: ProxyName): string | undefined {
  return FOLDERS.map((folder) => join(folder, name)).find((file) => existsSync(file));
}

/**
 * Starts nginx with what stands in its `http` block; `listen` there must name the port that is given. Everything it writes is in the
 * test's own folder. It is stopped in the test's teardown.
 */
export async function startNginx(t: Test, http: (port: number) => string): Promise<RunningProxy> {
  const port = await ownPort();
  const folder = t.testdir();
  mkdirSync(join(folder, 'temp'));
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(folder, 'temp', name)};`,
  );
  // One process: a worker of its own would run as another user when the tests run as root.
  const config = [
    'daemon off; master_process off;',
    `pid ${join(folder, 'nginx.pid')};`,
    'error_log stderr notice;',
    'events {}',
    `http { access_log off; ${temp.join(' ')}`,
    http(port),
    '}',
  ];
  return await start(t, 'nginx', port, [
    '-p',
    folder,
    '-e',
    'stderr',
    '-c',
    file(folder, 'nginx.conf', config),
  ]);
}

/** Starts haproxy with a whole configuration, which binds the port that is given. It is stopped in the test's teardown. */
export async function startHaproxy(t: Test, config: (port: number) => string): Promise<RunningProxy> {
  const port = await ownPort();
  return await start(t, 'haproxy', port, ['-db', '-f', file(t.testdir(), 'haproxy.cfg', [config(port)])]);
}

function file(folder: string, name: string, lines: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

async function start(t: Test, name: ProxyName, port: number, args: readonly string[]): Promise<RunningProxy> {
  const child = spawn(fileOf(name) ?? name, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
  }
  const exit = once(child, 'close');
  t.teardown(async () => {
    child.kill('SIGKILL');
    await exit;
  });
  const end = Date.now() + START_MS;
  while (!(await isListening(port))) {
    if (isOver(child) || Date.now() > end) throw new Error(`${name} does not listen: ${log}`);
    await delay(20);
  }
  return { url: `http://127.0.0.1:${port}`, log: () => log };
}

function isOver(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const connected = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return connected;
}
