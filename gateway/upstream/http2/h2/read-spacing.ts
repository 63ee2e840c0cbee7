import type { Socket } from 'node:net';
import { Alarm, type Sleeper } from '../../../async/index.js';

/** How long the socket is not read, in milliseconds; timers count no less, and make it up to two. */
const REST_MS = 1;

/**
 * Lets the kernel gather what arrives. A read that brings one small message costs many times what the message does, and a service that writes
 * ten thousands of them a second, one by one, is read as often. It holds up all streams of the connection, so it is for those moments only.
 */
export class ReadSpacing implements Sleeper {
  readonly #socket: Pick<Socket, 'pause' | 'resume'>;
  readonly #alarm = new Alarm(this);

  constructor(socket: Pick<Socket, 'pause' | 'resume'>) {
    this.#socket = socket;
  }

  /** The socket is not read for a millisecond or two. While it rests already, it rests no longer. */
  begin(): void {
    if (this.#alarm.isSet) return;
    this.#socket.pause();
    this.#alarm.set(REST_MS);
  }

  /** The socket is gone. */
  stop(): void {
    this.#alarm.clear();
  }

  onAlarm(): void {
    this.#socket.resume();
  }
}
