import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';

/** How often sockets that nobody reads are looked at, in milliseconds: a client that leaves must be noticed within a second. */
const INTERVAL_MS = 250;
/** In how many looks one after the other: the table is not read at one instant, so a living connection can be missing once. */
const LOOKS = 2;
/** Linux's state of a connection whose peer has sent a FIN. Source: include/net/tcp_states.h. */
const CLOSE_WAIT = '08';
/** The inode of a socket that no process holds any more. */
const ORPHAN = '0';

/** A socket that is not read, and what may be sent to it to learn whether somebody is there. */
interface Watched {
  readonly since: number;
  readonly probe: (() => void) | undefined;
  /** Looks in a row in which the peer seemed to have left. */
  missed: number;
}

const watched = new Map<Socket, Watched>();
let timer: NodeJS.Timeout | undefined;
let looking = false;

/**
 * Destroys a socket whose peer has left while we do not read from it. Returns what ends the watch.
 *
 * A socket that is paused for flow control is not polled, so neither Node nor we hear that the client has left, and
 * its call would stay open for as long as the service stalls. Three things tell:
 *
 * - The kernel's table, /proc/net/tcp, has the state of each connection: the peer's FIN, or a reset, shows there.
 * - A FIN waits behind data that our closed window keeps the peer from sending. If the peer is on this machine (a side car, a
 *   proxy, a test) the table has its end as well, and shows that no process holds it any more.
 * - Otherwise only data sent to such a peer makes it answer with a reset: `probe` sends some, where the protocol has a frame for it.
 *
 * Only sockets paused for longer than half an interval are looked up, all of them in one read. Where there is no /proc (not
 * Linux) only probes and TCP keepalive are left.
 */
export function watchPeer(socket: Socket, probe?: () => void): () => void {
  if (socket.destroyed) return () => {};
  watched.set(socket, { since: Date.now(), probe, missed: 0 });
  timer ??= setInterval(look, INTERVAL_MS).unref();
  return () => {
    watched.delete(socket);
  };
}

function look(): void {
  if (watched.size === 0) {
    clearInterval(timer);
    timer = undefined;
    return;
  }
  const before = Date.now() - INTERVAL_MS / 2;
  const stalled = [...watched].filter(([, { since }]) => since <= before);
  if (stalled.length === 0 || looking) return;
  for (const [, { probe }] of stalled) probe?.();
  looking = true;
  void readConnections()
    .then((connections) => {
      for (const [socket, watch] of stalled) {
        // Read again, or paused anew, in the meantime: then it is there.
        if (watched.get(socket) !== watch) continue;
        watch.missed = hasLeft(socket, connections) ? watch.missed + 1 : 0;
        if (watch.missed < LOOKS) continue;
        watched.delete(socket);
        socket.destroy();
      }
    })
    .finally(() => {
      looking = false;
    });
}

/** Connections by "local port-remote port" in the kernel's spelling; nothing where there is no table. */
type Connections =
  | ReadonlyMap<string, readonly { readonly state: string; readonly inode: string }[]>
  | undefined;

async function readConnections(): Promise<Connections> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'latin1').catch(() => '')),
  );
  if (tables.every((table) => table === '')) return undefined;
  const connections = new Map<string, { state: string; inode: string }[]>();
  for (const line of tables.join('\n').split('\n')) {
    // sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode ...
    const [, local, remote, state, , , , , , inode] = line.trim().split(/\s+/);
    if (local === undefined || remote === undefined || state === undefined || inode === undefined) continue;
    const key = `${local.split(':')[1]}-${remote.split(':')[1]}`;
    connections.set(key, [...(connections.get(key) ?? []), { state, inode }]);
  }
  return connections;
}

/** Two connections may share both ports with different addresses: only what holds for all of them counts. */
function hasLeft(socket: Socket, connections: Connections): boolean {
  if (socket.destroyed) return true;
  if (connections === undefined) return false;
  const here = hexPort(socket.localPort);
  const there = hexPort(socket.remotePort);
  const ours = connections.get(`${here}-${there}`);
  // A connection that was reset is in no table at all.
  if (ours === undefined || ours.every(({ state }) => state === CLOSE_WAIT)) return true;
  const theirs = connections.get(`${there}-${here}`);
  return theirs?.every(({ inode }) => inode === ORPHAN) ?? false;
}

function hexPort(port: number | undefined): string {
  return (port ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
