import { createEndedCall, localStatus, refusalOf, type Transport } from '../../gateway/upstream/index.js';
import type { CallLink } from './call-link.js';
import { WebCall } from './web-call.js';

/**
 * The way to a gateway that has no HTTP/2: gRPC-Web over HTTP/1.1, a connection for each call. All kinds of calls work, both sides at once where no proxy in
 * between waits for the end of a request. PROTOCOL.md, section 18.
 */
export class WebTransport implements Transport {
  readonly places = 1;
  readonly #link: CallLink;
  readonly #maxMessageBytes: number;
  readonly #calls = new Set<WebCall>();

  constructor(link: CallLink, { maxMessageBytes }: { readonly maxMessageBytes: number }) {
    this.#link = link;
    this.#maxMessageBytes = maxMessageBytes;
  }

  get connections(): number {
    return this.#calls.size;
  }

  open: Transport['open'] = (method, options) => {
    const refusal = refusalOf(method, options);
    if (refusal !== undefined) return createEndedCall(refusal);
    const { maxMessageBytes = this.#maxMessageBytes } = options;
    const call = new WebCall(this.#link, method, { ...options, maxMessageBytes });
    this.#calls.add(call);
    void call.status.then(() => this.#calls.delete(call));
    return call;
  };

  /** There is nothing to make ready. */
  async ready(): Promise<boolean> {
    return true;
  }

  async close(): Promise<void> {
    for (const call of this.#calls) call.end(localStatus('CANCELLED', 'the transport is closed'));
  }
}
