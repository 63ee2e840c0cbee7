import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';

/** Linux's state of a connection whose peer has sent a FIN. Source: include/net/tcp_states.h. */
const CLOSE_WAIT = '08';
/** The inode of a socket that no process holds any more. */
const ORPHAN = '0';
/** Timers of a connection: data is sent again, or a closed window is probed. Source: get_tcp4_sock in net/ipv4/tcp_ipv4.c. */
const RETRANSMIT = '01';
const PROBE = '04';
/** The length of a queue that is empty. */
const NOTHING = '00000000:';

/** How often something must have been sent again: a single answer may be late, or held back by the peer's kernel (tcp_invalid_ratelimit). */
const UNANSWERED = 2;

interface Row {
  readonly hasPeerFin: boolean;
  readonly isOrphan: boolean;
  readonly isUnanswered: boolean;
  readonly hasUnsent: boolean;
}

/** The kernel's TCP connections at one time, as far as one can tell: the table is not read at one instant. */
export class TcpTable {
  /** By "local port-remote port". Two connections may share both with different addresses: only what holds for all of them counts. */
  readonly #rows: ReadonlyMap<string, readonly Row[]> | undefined;

  private constructor(rows: ReadonlyMap<string, readonly Row[]> | undefined) {
    this.#rows = rows;
  }

  /** Reads it. Where there is none (not Linux) nothing is ever found out. Never rejects. */
  static async read(): Promise<TcpTable> {
    const tables = await Promise.all(
      ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'latin1').catch(() => '')),
    );
    if (tables.every((table) => table === '')) return new TcpTable(undefined);
    const rows = new Map<string, Row[]>();
    for (const line of tables.join('\n').split('\n')) {
      // sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode ...
      const [, local, remote, state, queues, timer, retransmits, , probes, inode] = line.trim().split(/\s+/);
      if (local === undefined || remote === undefined || inode === undefined) continue;
      const key = `${local.split(':')[1]}-${remote.split(':')[1]}`;
      const row = {
        hasPeerFin: state === CLOSE_WAIT,
        isOrphan: inode === ORPHAN,
        isUnanswered:
          (timer?.startsWith(RETRANSMIT) && Number.parseInt(retransmits ?? '', 16) >= UNANSWERED) ||
          (timer?.startsWith(PROBE) && Number(probes) >= UNANSWERED) ||
          false,
        hasUnsent: !queues?.startsWith(NOTHING),
      };
      const others = rows.get(key);
      if (others === undefined) rows.set(key, [row]);
      else others.push(row);
    }
    return new TcpTable(rows);
  }

  /** The peer has sent a FIN or a reset, or it is on this machine and no process holds its end any more. */
  hasLeft(socket: Socket): boolean {
    // After a reset the kernel knows no peer; without its port we would take the listening socket's row for ours.
    if (socket.destroyed || socket.remotePort === undefined) return true;
    if (this.#rows === undefined) return false;
    const here = hexPort(socket.localPort);
    const there = hexPort(socket.remotePort);
    const ours = this.#rows.get(`${here}-${there}`);
    // A connection that was reset is in no table at all.
    if (ours === undefined || ours.every(({ hasPeerFin }) => hasPeerFin)) return true;
    return this.#rows.get(`${there}-${here}`)?.every(({ isOrphan }) => isOrphan) ?? false;
  }

  /** Everything that was written has been acknowledged, as far as one can tell: where there is no table it seems so. */
  hasTaken(socket: Socket): boolean {
    const { localPort, remotePort } = socket;
    const ours = this.#rows?.get(`${hexPort(localPort)}-${hexPort(remotePort)}`);
    return ours?.every(({ hasUnsent }) => !hasUnsent) ?? true;
  }

  /**
   * What was sent has been sent again and again, and nothing has been heard since. A peer that only does not read answers, and is never
   * this.
   */
  isUnanswered(socket: Socket): boolean {
    const { localPort, remotePort } = socket;
    if (remotePort === undefined) return false;
    const ours = this.#rows?.get(`${hexPort(localPort)}-${hexPort(remotePort)}`);
    return ours?.every(({ isUnanswered }) => isUnanswered) ?? false;
  }
}

function hexPort(port: number | undefined): string {
  return (port ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
