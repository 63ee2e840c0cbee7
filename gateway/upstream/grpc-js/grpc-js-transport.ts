import { refusalOf } from '../call-refusal.js';
import { createEndedCall } from '../ended-call.js';
import { localStatus } from '../received-status.js';
import type { Call, CallOptions, Transport } from '../transport.js';
import {
  type ResolvedTransportOptions,
  resolveTransportOptions,
  type TransportOptions,
} from '../transport-options.js';
import { ChannelPool, isConnected } from './channel-pool.js';
import { GrpcJsCall } from './grpc-js-call.js';
import { grpcMetadataFrom } from './grpc-js-metadata.js';

/** What a call reads ahead by default: its window is the library's and does not grow, and what has not been read when a call fails is lost. */
const READ_AHEAD_BYTES = 64 * 1024;

/**
 * Just over the five minutes that gRPC servers allow between pings by default; more often earns
 * `too_many_pings` and the end of the connection. The library pings by the clock and knows no cheaper way.
 */
const KEEPALIVE_TIME_MS = 310_000;

/**
 * A transport on `@grpc/grpc-js`: its resolvers, its balancers, its connections. The reference for behaviour.
 * Its own limits: `readAheadBytes` is exceeded by up to 16 messages (the library reads ahead by count), and what
 * it has not handed out when a failure arrives is lost, which is then `truncated`. `maxMessageBytes` of a call is not
 * heeded: a channel has one limit for all its calls.
 * Throws when an option is wrong. The caller calls `close`.
 */
export function openGrpcJsTransport({
  readAheadBytes = READ_AHEAD_BYTES,
  ...options
}: TransportOptions): Transport {
  return new GrpcJsTransport(resolveTransportOptions({ readAheadBytes, ...options }, KEEPALIVE_TIME_MS));
}

const asIs = (bytes: Buffer): Buffer => bytes;

class GrpcJsTransport implements Transport {
  readonly #options: ResolvedTransportOptions;
  readonly #pool: ChannelPool;
  readonly #calls = new Set<Call>();
  #closed = false;

  constructor(options: ResolvedTransportOptions) {
    this.#options = options;
    this.#pool = new ChannelPool(options);
  }

  /** The library does not say what the peer takes. */
  get places(): number {
    return this.#options.maxConnections * this.#options.streamsPerConnection;
  }

  open(method: string, options: CallOptions): Call {
    if (this.#closed) return createEndedCall(localStatus('CANCELLED', 'the transport is closed'));
    const refusal = refusalOf(method, options);
    if (refusal) return createEndedCall(refusal);
    const channel = this.#pool.acquire();
    if (!channel) {
      return createEndedCall(localStatus('UPSTREAM_FULL', 'every connection to the upstream is full'));
    }
    // One shape for every kind of call: the kind only limits counts, and the service checks those.
    const stream = channel.client.makeBidiStreamRequest(
      method,
      asIs,
      asIs,
      grpcMetadataFrom(options.metadata),
      options.deadline === undefined ? {} : { deadline: options.deadline },
    );
    const call = new GrpcJsCall(stream, {
      signal: options.signal,
      readAheadBytes: this.#options.readAheadBytes,
      connectTimeoutMs: this.#options.connectTimeoutMs,
      isConnected: () => isConnected(channel),
      onOver: (over) => {
        this.#calls.delete(over);
        this.#pool.release(channel);
      },
    });
    this.#calls.add(call);
    return call;
  }

  get connections(): number {
    return this.#pool.connections;
  }

  ready(timeoutMs: number): Promise<boolean> {
    return this.#pool.ready(timeoutMs);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const ends = [...this.#calls].map((call) => {
      call.cancel();
      return call.status;
    });
    await Promise.all(ends);
    this.#pool.close();
  }
}
