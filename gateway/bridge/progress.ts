import type { Batch, Call } from '../upstream/index.js';

/** Where a client may grant credit: see `Outgoing`. */
interface Credited {
  creditLeft?(): { readonly messages: number; readonly bytes: number | undefined };
}

/**
 * How far an exchange is, for who looks at it while it runs: counted as messages are moved, and nothing is worked out before somebody asks. Bytes are
 * those of messages as protobuf.
 */
export class Progress {
  /** Taken from the client. */
  received = 0;
  receivedBytes = 0;
  /** Taken from the service. */
  sent = 0;
  sentBytes = 0;
  /** Those of them that were not delivered because the client was slow. */
  dropped = 0;
  /** How often the stream was taken up again after a break. */
  healed = 0;
  /** From when it is opened. */
  call: Call | undefined;
  outgoing: Credited | undefined;
  /** What was taken from the service last. */
  batch: Batch | undefined;

  /** Counts what was given without being read, before somebody looks. */
  settle(): void {
    this.call?.settle?.();
  }

  /** What has been taken from the service, or has come from it, and is not with the client's connection yet. */
  get heldBytes(): number {
    return this.call?.waiting?.()?.unreadBytes ?? this.#restOfBatch();
  }

  #restOfBatch(): number {
    const { batch } = this;
    if (batch === undefined || batch.isTaken) return 0;
    let bytes = 0;
    for (let index = batch.at; index < batch.limit; index += 1)
      bytes += batch.endOf(index) - batch.startOf(index);
    return bytes;
  }
}
