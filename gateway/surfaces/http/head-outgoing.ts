import type { Outgoing } from '../../bridge/index.js';
import { Code, type Metadata, type RpcError, type Status } from '../../status/index.js';
import type { Batch, CallStart } from '../../upstream/index.js';
import type { HttpReply } from './http-reply.js';

/** How a call ends of which only the head was wanted. */
const WANTED: Status = { code: Code.OK, message: '', trailers: [], details: [], truncated: false };

/** The answer to HEAD: the head of the answer to GET, sent by the same surface; then the call is of no more use. Node sends no body for HEAD. */
export class HeadOutgoing implements Outgoing {
  readonly headWaitMs: number;
  readonly flushMs = 0;
  readonly #inner: Outgoing;
  readonly #reply: HttpReply;

  constructor(inner: Outgoing, reply: HttpReply) {
    this.headWaitMs = inner.headWaitMs;
    this.#inner = inner;
    this.#reply = reply;
  }

  get hasAll(): boolean {
    return this.#isSent;
  }

  start(start: CallStart): void {
    this.#inner.start?.(start);
  }

  /** A head that waits for the first message is not sent here, but in `write`. */
  head(metadata: Metadata | undefined): false | undefined {
    this.#inner.head(metadata);
    return this.#isSent ? false : undefined;
  }

  /** Where the head waits for the end, the call goes on to it. */
  write(batch: Batch): false | undefined {
    void this.#inner.write(batch);
    return this.#isSent ? false : undefined;
  }

  async end(status: Status, failure: RpcError | undefined): Promise<void> {
    if (this.#isSent) await this.#inner.end(WANTED, undefined);
    else await this.#inner.end(status, failure);
  }

  async drain(): Promise<void> {
    if (this.#isSent) await this.#inner.end(WANTED, undefined);
    else await this.#inner.drain();
  }

  get #isSent(): boolean {
    return this.#reply.raw.headersSent;
  }
}
