import type { ServerDuplexStream } from '@grpc/grpc-js';
import { Bell } from '../base/index.js';

/** Where the responses of a call go. */
export interface ResponseWriter {
  /** How many have been sent. */
  readonly count: number;
  /** Whether the next response may be made. */
  readonly hasRoom: boolean;
  /** Resolves when there is room, or when the signal aborts. */
  room(): Promise<void>;
  /** Hands a message to the call. Ask for room first: it is not checked here, and a message is never dropped. */
  send(message: Buffer): void;
}

/**
 * Counts bytes, because grpc-js counts messages (16, whatever their size): there is room while fewer than `highWaterBytes`
 * have not been taken by HTTP/2. At most that and one message is held.
 */
export function openResponseWriter(
  call: ServerDuplexStream<Buffer, Buffer>,
  signal: AbortSignal,
  highWaterBytes: number,
): ResponseWriter {
  const bell = new Bell();
  let waitingBytes = 0;
  let count = 0;
  return {
    get count() {
      return count;
    },
    get hasRoom() {
      return waitingBytes < highWaterBytes;
    },
    async room() {
      while (waitingBytes >= highWaterBytes && !signal.aborted) await bell.wait(signal);
    },
    send(message) {
      // Every message weighs something, or a stream of empty ones would never be stopped.
      const weight = message.byteLength + 16;
      waitingBytes += weight;
      count += 1;
      // The callback does not come when the caller left; the signal ends the wait then.
      call.write(message, () => {
        waitingBytes -= weight;
        if (waitingBytes < highWaterBytes) bell.ring();
      });
    },
  };
}
