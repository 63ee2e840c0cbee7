import { wait } from '../retry/index.js';
import { Code } from './code.js';
import type { WebSocketLike } from './endpoint.js';
import { SluiceError } from './sluice-error.js';

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
  const { socket, opened, signal, highWaterBytes, maxWaitingLength } = options;
  let waitingLength = 0;
  // Nobody may ever send: a handshake that fails then is told by the answers alone.
  let last: Promise<unknown> = opened.catch(() => undefined);

  const sendInTurn = async (text: string) => {
    signal.throwIfAborted();
    socket.send(text);
    // Browsers have no event for "written", so this looks again and again: soon at first, then every 32 ms, which costs
    // nothing that could be measured and is short against the time a full buffer takes to leave.
    for (let pauseMs = 1; socket.bufferedAmount > highWaterBytes; pauseMs = Math.min(pauseMs * 2, 32)) {
      await wait(pauseMs, signal);
    }
  };
  return {
    send(text) {
      if (waitingLength + text.length > maxWaitingLength) {
        return Promise.reject(
          new SluiceError(
            Code.RESOURCE_EXHAUSTED,
            `more than ${maxWaitingLength} characters wait to be sent: await send() before the next one`,
          ),
        );
      }
      waitingLength += text.length;
      const sent = last
        .then(() => sendInTurn(text))
        .finally(() => {
          waitingLength -= text.length;
        });
      // A failed send is told to whoever sent it; the next one finds out by itself.
      last = sent.catch(() => undefined);
      return sent;
    },
  };
}
