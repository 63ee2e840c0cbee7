import type { WebSocketLike } from './endpoint.js';
import { createSocketRoom } from './socket-room.js';
import { createTurns } from './turns.js';

export interface OutboxOptions {
  readonly socket: WebSocketLike;
  /** Resolves when the socket is open; rejects when it never will be. */
  readonly opened: Promise<void>;
  /** Aborts with a `SluiceError` when the call is over. */
  readonly signal: AbortSignal;
  readonly highWaterBytes: number;
  readonly maxWaitingLength: number;
}

/** Sends texts in the order they were given, and says when there is room for more. */
export interface Outbox {
  /** Resolves when the socket has room again, rejects once the call is over. */
  send(text: string): Promise<void>;
}

/** Creates an outbox. It holds at most `maxWaitingLength` characters of texts whose turn has not come. */
export function createOutbox(options: OutboxOptions): Outbox {
  const { socket, opened, signal } = options;
  const turns = createTurns(options.maxWaitingLength);
  const room = createSocketRoom(socket, options.highWaterBytes);
  // Nobody may ever send: a handshake that fails then is told by the answers alone.
  const ready = opened.catch(() => undefined);
  return {
    send: (text) =>
      turns.take(text.length, async () => {
        await ready;
        signal.throwIfAborted();
        socket.send(text);
        await room.wait(signal);
      }),
  };
}
