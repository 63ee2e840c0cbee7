import { open } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { PortStates } from './port-states.js';
import { ALL_TAKEN, addRows, ORPHAN, PEER_FIN, UNANSWERED } from './tcp-rows.js';

const FILES = ['/proc/net/tcp', '/proc/net/tcp6'];

/** Room for what one read brings: the kernel hands out a page of memory at once. */
const READ_BYTES = 16 * 1024;

/** The kernel's TCP connections at one time, as far as one can tell: the table is not read at one instant. */
export class TcpTable {
  /** By local and remote port. Two connections may share both with different addresses: only what holds for all of them counts. */
  readonly #states: PortStates;
  #isThere = false;

  private constructor(states: PortStates) {
    this.#states = states;
  }

  /**
   * Reads it. Where there is none (not Linux) nothing is ever found out. Never rejects. The memory of `previous`, which nobody may ask any more, is used
   * again.
   */
  static async read(previous?: TcpTable): Promise<TcpTable> {
    const states = previous === undefined ? new PortStates() : previous.#states;
    states.clear();
    const table = new TcpTable(states);
    // In turns, so that one buffer is enough.
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    for (const file of FILES) if (await readInto(states, file, buffer)) table.#isThere = true;
    return table;
  }

  /** The peer has sent a FIN or a reset, or it is on this machine and no process holds its end any more. */
  hasLeft(socket: Socket): boolean {
    const { localPort = 0, remotePort } = socket;
    // After a reset the kernel knows no peer; without its port we would take the listening socket's row for ours.
    if (socket.destroyed || remotePort === undefined) return true;
    if (!this.#isThere) return false;
    const ours = this.#states.get(localPort, remotePort);
    // A connection that was reset is in no table at all.
    if (ours === undefined || (ours & PEER_FIN) !== 0) return true;
    return ((this.#states.get(remotePort, localPort) ?? 0) & ORPHAN) !== 0;
  }

  /** Everything that was written has been acknowledged, as far as one can tell: where there is no table it seems so. */
  hasTaken({ localPort = 0, remotePort = 0 }: Socket): boolean {
    return ((this.#states.get(localPort, remotePort) ?? ALL_TAKEN) & ALL_TAKEN) !== 0;
  }

  /**
   * What was sent has been sent again and again, and nothing has been heard since. A peer that only does not read answers, and is never
   * this.
   */
  isUnanswered({ localPort = 0, remotePort }: Socket): boolean {
    if (remotePort === undefined) return false;
    return ((this.#states.get(localPort, remotePort) ?? 0) & UNANSWERED) !== 0;
  }
}

/** Adds what is in a file of the kernel. False when there is none. */
async function readInto(states: PortStates, file: string, buffer: Buffer): Promise<boolean> {
  const handle = await open(file).catch(() => undefined);
  if (handle === undefined) return false;
  try {
    let held = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, held, buffer.length - held);
      if (bytesRead === 0) return true;
      const end = held + bytesRead;
      const done = addRows(buffer, end, states);
      buffer.copyWithin(0, done, end);
      held = end - done;
    }
  } catch {
    return false;
  } finally {
    await handle.close().catch(() => undefined);
  }
}
