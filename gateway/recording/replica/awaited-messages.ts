import { RpcError } from '../../status/index.js';

/** A client does not wait for longer at a gateway that is behind another one, in milliseconds. */
const WAIT_MS = 2_000;

interface Awaited {
  readonly seq: number;
  readonly isHere: () => void;
}

/** Messages that clients have seen at another gateway, and who waits for them here. */
export class AwaitedMessages {
  readonly #all = new Set<Awaited>();

  /** Resolves when `tell` says that the message of this number is here; rejects with UNAVAILABLE when that takes too long. */
  wait(seq: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const awaited: Awaited = {
        seq,
        isHere: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      const timer = setTimeout(() => {
        this.#all.delete(awaited);
        reject(isBehind());
      }, WAIT_MS);
      this.#all.add(awaited);
    });
  }

  /** All up to this number are here, or will never be. */
  tell(lastSeq: number): void {
    for (const awaited of this.#all) {
      if (awaited.seq > lastSeq) continue;
      this.#all.delete(awaited);
      awaited.isHere();
    }
  }
}

/** What a client is told that has seen more elsewhere. */
export function isBehind(): RpcError {
  return new RpcError('JOURNAL_UNREACHABLE', 'this gateway does not have yet what the client has seen');
}
