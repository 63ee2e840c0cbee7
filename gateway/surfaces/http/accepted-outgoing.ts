import type { Incoming, Outgoing } from '../../bridge/index.js';
import { Code, type RpcError, type Status } from '../../status/index.js';
import type { Batch, CallStart } from '../../upstream/index.js';
import type { MethodRequest } from '../exchange/index.js';
import { pathOfCall } from '../message/index.js';
import type { HttpReply } from './http-reply.js';
import type { Negotiated } from './http-surface.js';
import { sendDraining } from './json-outgoing.js';
import { sendError } from './reply.js';

/** The same request, of which only the location of the call is wanted. Source: RFC 7240 section 4.1. */
export function accepted({ open, surface }: Negotiated): Negotiated {
  let outgoing: AcceptedOutgoing | undefined;
  return {
    isDetached: true,
    surface: {
      ...surface,
      finite: true,
      open(request, reply) {
        outgoing = new AcceptedOutgoing(request, reply);
        return outgoing;
      },
    },
    async open(request, whole) {
      return tellingEnd(await open(request, whole), () => outgoing?.sentAll());
    },
  };
}

/** The answer is where the call is found; then its client is of no more use to it. All that the client sends is taken before. */
class AcceptedOutgoing implements Outgoing {
  readonly headWaitMs = 0;
  readonly flushMs = 0;
  readonly #request: MethodRequest;
  readonly #reply: HttpReply;
  #location: string | undefined;
  #hasAll = false;
  #isTold = false;
  /** Ends a `write`, which waits for the client's last message. */
  #resolve: (() => void) | undefined;

  constructor(request: MethodRequest, reply: HttpReply) {
    this.#request = request;
    this.#reply = reply;
  }

  start({ location }: CallStart): void {
    this.#location = location;
    this.#tell();
  }

  get hasAll(): boolean {
    return this.#isTold;
  }

  head(): false | undefined {
    return this.#isTold ? false : undefined;
  }

  /** Nobody is there for the messages, which are recorded. */
  write(batch: Batch): Promise<void> | false {
    batch.at = batch.limit;
    if (this.#isTold) return false;
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** The client has sent everything. */
  sentAll(): void {
    this.#hasAll = true;
    this.#tell();
  }

  async end(status: Status, failure: RpcError | undefined): Promise<void> {
    if (failure === undefined && status.code === Code.OK) this.#hasAll = true;
    this.#tell();
    if (!this.#isTold) sendError(this.#reply, status, this.#request.registry, failure);
  }

  async drain(): Promise<void> {
    if (!this.#isTold) sendDraining(this.#reply, this.#request.registry);
  }

  #tell(): void {
    if (this.#isTold || !this.#hasAll || this.#location === undefined) return;
    this.#isTold = true;
    const location = pathOfCall(this.#request, this.#location);
    this.#reply
      .code(202)
      .headers({ location, 'preference-applied': 'respond-async', 'cache-control': 'no-store' })
      .type('application/json; charset=utf-8')
      .send(JSON.stringify({ location }));
    this.#resolve?.();
  }
}

/** Says when there is nothing more to read. */
function tellingEnd(inner: Incoming, onEnd: () => void): Incoming {
  return {
    read() {
      const batch = inner.read();
      if (!(batch instanceof Promise)) {
        if (batch === undefined) onEnd();
        return batch;
      }
      return batch.then((messages) => {
        if (messages === undefined) onEnd();
        return messages;
      });
    },
    close: () => inner.close(),
  };
}
