import type { Incoming } from '../../bridge/index.js';
import type { SendBatch } from '../../upstream/index.js';

/** One message that is already here, then half-close. */
export function singleIncoming(message: Uint8Array): Incoming {
  return new SingleIncoming([message]);
}

class SingleIncoming implements Incoming {
  #batch: SendBatch | undefined;

  constructor(batch: SendBatch) {
    this.#batch = batch;
  }

  read(): SendBatch | undefined {
    const batch = this.#batch;
    this.#batch = undefined;
    return batch;
  }

  close(): void {
    this.#batch = undefined;
  }
}
