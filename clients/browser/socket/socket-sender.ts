import type { WebSocketLike } from '../shared/endpoint.js';
import { createSendQueue } from '../shared/send-queue.js';
import { createSocketRoom } from '../shared/socket-room.js';

export interface SocketSenderOptions {
  readonly socket: WebSocketLike;
  /** Resolves when the socket is open; rejects when it never will be. */
  readonly opened: Promise<void>;
  /** Aborts with a `SluiceError` when the call is over. */
  readonly signal: AbortSignal;
  readonly highWaterBytes: number;
  readonly maxWaitingLength: number;
}

/** Sends texts in the order they were given, and says when there is room for more. */
export interface SocketSender {
  /** Resolves when the socket has room again, rejects once the call is over. */
  send(text: string): Promise<void>;
}

/** Creates an outbox. It holds at most `maxWaitingLength` characters of texts whose turn has not come. */
export function createSocketSender(options: SocketSenderOptions): SocketSender {
  const { socket, opened, signal } = options;
  const queue = createSendQueue(options.maxWaitingLength);
  const room = createSocketRoom(socket, options.highWaterBytes);
  // Nobody may ever send: a handshake that fails then is told by the answers alone.
  const ready = opened.catch(() => undefined);
  return {
    send: (text) =>
      queue.take(text.length, async () => {
        await ready;
        signal.throwIfAborted();
        socket.send(text);
        await room.wait(signal);
      }),
  };
}
