import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';

/** How often sockets that nobody reads are looked at, in milliseconds: a client that leaves must be noticed within a second. */
const INTERVAL_MS = 400;
/** Linux's state of a connection whose peer has sent a FIN. Source: include/net/tcp_states.h. */
const CLOSE_WAIT = '08';

const watched = new Map<Socket, number>();
let timer: NodeJS.Timeout | undefined;

/**
 * Destroys a socket whose peer has closed it while we do not read from it.
 *
 * A socket that is paused for flow control is not polled, so neither Node nor we hear that the client has left, and
 * its call would stay open for as long as the service stalls. The kernel knows: /proc/net/tcp has the state of
 * each connection. Only sockets paused for longer than one interval are looked up, all of them in one read; where there is no
 * /proc (not Linux) nothing is watched, and such a call ends with its deadline. Returns what ends the watch.
 */
export function watchPeer(socket: Socket): () => void {
  if (process.platform !== 'linux' || socket.destroyed) return () => {};
  watched.set(socket, Date.now());
  timer ??= setInterval(look, INTERVAL_MS).unref();
  return () => {
    watched.delete(socket);
  };
}

let looking = false;

function look(): void {
  if (watched.size === 0) {
    clearInterval(timer);
    timer = undefined;
    return;
  }
  const before = Date.now() - INTERVAL_MS / 2;
  const stalled = [...watched].filter(([, since]) => since <= before).map(([socket]) => socket);
  if (stalled.length === 0 || looking) return;
  looking = true;
  void closedPorts()
    .then((closed) => {
      for (const socket of stalled) {
        if (!watched.has(socket)) continue;
        if (socket.destroyed || closed(socket)) {
          watched.delete(socket);
          socket.destroy();
        }
      }
    })
    .finally(() => {
      looking = false;
    });
}

/** Reads the kernel's table once; the answer tells of a socket whether its peer has closed or reset it. */
async function closedPorts(): Promise<(socket: Socket) => boolean> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'latin1').catch(() => '')),
  );
  if (tables.every((table) => table === '')) return () => false;
  const states = new Map<string, string[]>();
  for (const line of tables.join('\n').split('\n')) {
    const [, local, remote, state] = line.trim().split(/\s+/);
    if (local === undefined || remote === undefined || state === undefined) continue;
    // Ports alone are enough for a key nearly always; where two connections share both, all of them must be closed.
    const key = `${local.split(':')[1]}-${remote.split(':')[1]}`;
    states.set(key, [...(states.get(key) ?? []), state]);
  }
  return (socket) => {
    const found = states.get(`${hexPort(socket.localPort)}-${hexPort(socket.remotePort)}`);
    // A reset connection is in no table at all.
    return found === undefined || found.every((state) => state === CLOSE_WAIT);
  };
}

function hexPort(port: number | undefined): string {
  return (port ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
