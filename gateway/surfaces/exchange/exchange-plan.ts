import type { FastifyBaseLogger } from 'fastify';
import type { Incoming, Outgoing } from '../../bridge/index.js';
import type { CallToken, RecordingWish, ResumePoint } from '../../recording/index.js';
import type { Principal, RequestSource } from '../../security/index.js';
import type { Metadata } from '../../status/index.js';
import type { ExchangeHandle } from './exchange-handle.js';
import type { Expiry } from './expiry.js';
import type { MethodRequest } from './method-request.js';
import type { Peer } from './peer.js';
import type { Surface } from './surface.js';

/** An exchange that may begin, as its surface describes it to `runExchange`. */
export interface ExchangePlan {
  readonly surface: Surface;
  readonly request: MethodRequest;
  readonly peer: Peer;
  /** Whose exchange it is. */
  readonly source: RequestSource;
  /** Who calls. */
  readonly principal: Principal;
  /** When it ends if the credential of `principal` does; `undefined`: whoever carries the exchange sees to that. */
  readonly expiry: Expiry | undefined;
  readonly requestId: string;
  /** What the service gets. */
  readonly metadata: Metadata;
  /** By what of it the service knows who calls. Absent: nothing that ends. */
  readonly token?: CallToken | undefined;
  /** Of the call, in epoch milliseconds; `undefined`: none. */
  readonly deadline: number | undefined;
  /** Where the client wants its stream to go on; `undefined`: at the beginning. */
  readonly resume: ResumePoint | undefined;
  /** What the client wants of a call that is recorded; absent: nothing. Of no meaning for other methods. */
  readonly wish?: Partial<Omit<RecordingWish, 'principal'>> | undefined;
  readonly log: FastifyBaseLogger;
  /** The messages of the client. Throws, or rejects with, `RpcError` for bad input: then no call is opened. */
  openIncoming(exchange: ExchangeHandle): Incoming | Promise<Incoming>;
  /** Where the answer goes. Called when everything about the request is in order, right before the call is opened. */
  openOutgoing(exchange: ExchangeHandle): Outgoing;
}
