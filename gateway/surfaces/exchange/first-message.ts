import type { Incoming } from '../../bridge/index.js';
import { RpcError } from '../../status/index.js';
import type { SendBatch } from '../../upstream/index.js';
import type { Limits } from './limits.js';

/** What bounds the wait for the first message of a call that has been opened without one. */
export interface FirstMessage {
  /** The method takes a stream of messages. */
  readonly stream: boolean;
  readonly limits: Pick<Limits, 'messageTimeoutMs' | 'bodyIdleMs'>;
  /** The service has answered already: then the client may listen for as long as it likes. */
  readonly hasAnswer: () => boolean;
  /** Ends the exchange, and says why. */
  readonly abort: (reason: RpcError) => void;
}

/**
 * An incoming that ends its exchange when no first message comes: the call holds a place at the service, which waits as well. A method that
 * takes one message must get it within `messageTimeoutMs`, and a stream within `bodyIdleMs` unless the service has sent something.
 */
export function boundFirstMessage(inner: Incoming, bounds: FirstMessage): Incoming {
  const { stream, limits, hasAnswer, abort } = bounds;
  const boundMs = stream ? limits.bodyIdleMs : limits.messageTimeoutMs;
  let timer: NodeJS.Timeout | undefined = setTimeout(() => {
    if (!(stream && hasAnswer()))
      abort(new RpcError('FIRST_MESSAGE_TIMEOUT', `the client sent no message within ${boundMs} ms`));
  }, boundMs).unref();
  const stop = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  return {
    async read(): Promise<SendBatch | undefined> {
      try {
        return await inner.read();
      } finally {
        // The first read is the one that waits for it.
        if (timer !== undefined) stop();
      }
    },
    close() {
      stop();
      inner.close();
    },
  };
}
