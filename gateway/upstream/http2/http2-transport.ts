import { OpenList } from '../../async/index.js';
import { refusalOf } from '../call-refusal.js';
import { createEndedCall } from '../ended-call.js';
import { localStatus } from '../received-status.js';
import type { Call, CallOptions, Transport } from '../transport.js';
import { Http2Call, type Http2CallContext, MethodHeaders } from './grpc/index.js';
import { WindowBudget } from './h2/index.js';
import {
  type Http2TransportOptions,
  type ResolvedHttp2Options,
  resolveHttp2Options,
} from './http2-options.js';
import { ConnectionPool, parseAddress, Resolver } from './pool/index.js';

/**
 * A transport over HTTP/2 of our own (`h2/`), made for passing bytes on: batches, bounds in bytes, no message lost
 * before a failure, the peer's stream limit seen, names looked up again on a timer.
 * Throws when an option is wrong. The caller calls `close`.
 */
export function openHttp2Transport(options: Http2TransportOptions): Transport {
  return new Http2Transport(resolveHttp2Options(options));
}

class Http2Transport implements Transport {
  readonly #context: Http2CallContext;
  readonly #pool: ConnectionPool;
  readonly #resolver: Resolver;
  readonly #calls = new OpenList<Http2Call>();
  #closed = false;

  constructor(options: ResolvedHttp2Options) {
    const address = parseAddress(options.target);
    const authority = options.authority ?? address.authority;
    const budget = new WindowBudget(options.windowBudgetBytes, options.readAheadBytes);
    this.#pool = new ConnectionPool({
      ...options,
      authority,
      onTrouble: () => this.#resolver.refresh(),
    });
    this.#resolver = new Resolver({
      address,
      lookup: options.lookup,
      intervalMs: options.resolveIntervalMs,
      onEndpoints: (endpoints) => this.#pool.setEndpoints(endpoints),
      onFailure: (reason) => this.#pool.failResolution(reason),
    });
    this.#context = {
      ...options,
      methodHeaders: new MethodHeaders(options.tls ? 'https' : 'http', authority),
      pool: this.#pool,
      budget,
      onOver: (call) => this.#calls.delete(call),
    };
    this.#resolver.refresh();
  }

  open(method: string, options: CallOptions): Call {
    if (this.#closed) return createEndedCall(localStatus('CANCELLED', 'the transport is closed'));
    const refusal = refusalOf(method, options);
    if (refusal) return createEndedCall(refusal);
    const call = new Http2Call(method, options, this.#context);
    // Refused calls are over before they are counted.
    if (!call.isOver) this.#calls.add(call);
    return call;
  }

  get connections(): number {
    return this.#pool.connections;
  }

  get places(): number {
    return this.#pool.places;
  }

  ready(timeoutMs: number): Promise<boolean> {
    return this.#pool.ready(timeoutMs);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#resolver.close();
    for (const call of this.#calls.all()) call.cancel();
    await this.#pool.close();
  }
}
