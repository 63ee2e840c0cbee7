import type { Socket } from 'node:net';
import { type Listed, OpenList } from '../../async/index.js';
import { cutConnection } from './connection-end.js';
import { TcpTable } from './tcp-table.js';

/** How often sockets that nobody reads are looked at, in milliseconds: a client that leaves must be noticed within a second. */
const INTERVAL_MS = 250;
/** In how many looks one after the other: the table is not read at one instant, so a living connection can be missing once. */
const LOOKS = 2;

/** A socket that is not read, and what may be sent to it to learn whether somebody is there. */
interface Watched extends Listed {
  readonly socket: Socket;
  readonly since: number;
  readonly probe: (() => void) | undefined;
  /** Looks in a row in which the peer seemed to have left. */
  missed: number;
}

const watched = new OpenList<Watched>();
let timer: NodeJS.Timeout | undefined;
let looking = false;
/** What the last look saw: its memory is used again. */
let last: TcpTable | undefined;

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
 * Linux) only probes, TCP keepalive and `maxPauseMs` are left.
 */
export function watchPeer(socket: Socket, probe?: () => void): () => void {
  if (socket.destroyed) return () => {};
  const watch: Watched = { listedAt: -1, socket, since: Date.now(), probe, missed: 0 };
  watched.add(watch);
  timer ??= setInterval(look, INTERVAL_MS).unref();
  return () => watched.delete(watch);
}

function look(): void {
  // Only here: an upload begins and ends a watch with each chunk.
  if (watched.size === 0) {
    clearInterval(timer);
    timer = undefined;
    return;
  }
  const before = Date.now() - INTERVAL_MS / 2;
  const stalled = watched.all().filter(({ since }) => since <= before);
  if (stalled.length === 0 || looking) return;
  for (const { probe } of stalled) probe?.();
  looking = true;
  void TcpTable.read(last)
    .then((connections) => {
      last = connections;
      for (const watch of stalled) {
        // Read again, or paused anew, in the meantime: then it is there.
        if (watch.listedAt < 0) continue;
        watch.missed = connections.hasLeft(watch.socket) ? watch.missed + 1 : 0;
        if (watch.missed < LOOKS) continue;
        watched.delete(watch);
        cutConnection(watch.socket);
      }
    })
    .finally(() => {
      looking = false;
    });
}
