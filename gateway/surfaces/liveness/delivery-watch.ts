import type { Socket } from 'node:net';
import { type Listed, OpenList } from '../../async/index.js';
import { cutConnection } from './connection-end.js';
import { TcpTable } from './tcp-table.js';

/** The longest time between two looks, in milliseconds: with ten thousand connections one costs some milliseconds. */
const MAX_INTERVAL_MS = 4_000;

interface Watched extends Listed {
  readonly socket: Socket;
  readonly withinMs: number;
  /** Since when nothing has been answered. */
  since: number | undefined;
}

const watched = new OpenList<Watched>();
let timer: NodeJS.Timeout | undefined;
let intervalMs = 0;
let looking = false;
/** What the last look saw: its memory is used again. */
let last: TcpTable | undefined;

/**
 * Destroys a socket whose peer acknowledges nothing for `withinMs` although data is on its way to it: it has vanished without a FIN. The
 * watch ends with the socket, or by what is returned.
 *
 * TCP would send that data again for a quarter of an hour, keepalive is silent meanwhile, and Node cannot set TCP_USER_TIMEOUT; but the
 * kernel's table shows it. It also shows that a peer which only does not read answers our probes, so such a one is left alone. Where
 * there is no table (not Linux) the kernel's own time stands.
 */
export function watchDelivery(socket: Socket, withinMs: number): () => void {
  if (socket.destroyed) return () => {};
  const watch: Watched = { listedAt: -1, socket, withinMs, since: undefined };
  watched.add(watch);
  const stop = () => {
    socket.off('close', stop);
    watched.delete(watch);
    if (watched.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  socket.on('close', stop);
  const wanted = Math.min(MAX_INTERVAL_MS, Math.ceil(withinMs / 2));
  if (timer === undefined || wanted < intervalMs) {
    clearInterval(timer);
    intervalMs = wanted;
    timer = setInterval(look, intervalMs).unref();
  }
  return stop;
}

function look(): void {
  if (looking) return;
  looking = true;
  void TcpTable.read(last)
    .then((connections) => {
      last = connections;
      const now = Date.now();
      for (const watch of watched.all()) {
        if (!connections.isUnanswered(watch.socket)) watch.since = undefined;
        else if (watch.since === undefined) watch.since = now;
        else if (now - watch.since >= watch.withinMs) cutConnection(watch.socket);
      }
    })
    .finally(() => {
      looking = false;
    });
}
