import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { TcpTable } from './tcp-table.js';

/** How often connections that wait for their client to have everything are looked at, in milliseconds. */
const INTERVAL_MS = 50;

/** Connections that carry a body which only their own end ends: to an HTTP/1.0 client a FIN says that it is whole. */
const openEnded = new WeakSet<Socket>();

/**
 * Notes, when the head of a stream has been written, whether it has no chunks: then its connection is not ended by a FIN before all of it has
 * left.
 */
export function noteOpenEnded(response: ServerResponse): void {
  const { socket, method } = response.req;
  if (response.chunkedEncoding || method === 'HEAD' || response.req.httpVersionMajor > 1) return;
  openEnded.add(socket);
  response.once('finish', () => openEnded.delete(socket));
}

/** Whether a FIN now would make a part of a body look like the whole. Source: RFC 9112 section 8. */
export function isOpenEnded(socket: Socket): boolean {
  return openEnded.has(socket);
}

/** Ends a connection at once, in the middle of whatever is on it, so that no client takes a part of a body for the whole. */
export function cutConnection(socket: Socket): void {
  if (isOpenEnded(socket)) reset(socket);
  else socket.destroy();
}

/** Ends a connection when what has been written to it has left this process; one whose body would look whole then is cut at once. */
export function endConnection(socket: Socket): void {
  if (isOpenEnded(socket)) reset(socket);
  else socket.destroySoon();
}

/**
 * Cuts a connection by a reset when its client has acknowledged everything that was written, or after `withinMs`: what a reset finds
 * unsent, it takes along. The last bytes must have left this process. Resolves when it is cut.
 */
export async function resetWhenTaken(socket: Socket, withinMs: number): Promise<void> {
  const end = performance.now() + withinMs;
  do {
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
  } while (!socket.destroyed && performance.now() < end && !(await tableNow()).hasTaken(socket));
  reset(socket);
}

/** Whether the client's kernel has acknowledged everything that was written, as far as one can tell. */
export async function hasTaken(socket: Socket): Promise<boolean> {
  return (await tableNow()).hasTaken(socket);
}

function reset(socket: Socket): void {
  // On one that is gone it would be an error.
  if (socket.destroyed) return;
  // TLS has an end of its own, so what is cut is never whole there.
  if ('encrypted' in socket) socket.destroy();
  else socket.resetAndDestroy();
}

let table: Promise<TcpTable> | undefined;

/** One look for all that ask in the same interval: with ten thousand connections one costs some milliseconds. */
function tableNow(): Promise<TcpTable> {
  if (table === undefined) {
    table = TcpTable.read();
    setTimeout(() => {
      table = undefined;
    }, INTERVAL_MS / 2).unref();
  }
  return table;
}
