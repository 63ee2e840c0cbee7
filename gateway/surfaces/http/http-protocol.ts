import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { FastifyBaseLogger } from 'fastify';
import type { CallToken } from '../../recording/index.js';
import type { Principal, RequestSource } from '../../security/index.js';
import type { Metadata, RpcError } from '../../status/index.js';
import type { ExchangeContext, MethodRequest } from '../exchange/index.js';
import type { HeaderRules } from '../message/index.js';
import type { HttpReply } from './http-reply.js';

/** What the headers of a request say of its call. */
export interface HttpCall {
  readonly metadata: Metadata;
  /** By what of it the service knows who calls. */
  readonly token?: CallToken | undefined;
  readonly deadline: number | undefined;
  readonly source: RequestSource;
  readonly principal: Principal;
}

/** Whose request it is, for the log. */
export interface NamedRequest {
  readonly id: string;
  readonly log: FastifyBaseLogger;
}

/**
 * What a client speaks who calls a method over HTTP: the gateway's own forms, or an RPC protocol. A request has one from its head on, and everything
 * that depends on it is asked here: what its headers mean, how it is answered, and what a refusal looks like.
 */
export interface HttpProtocol {
  /** The metadata that the service gets; `known` is what the gateway says itself. Throws INVALID_ARGUMENT that names the header. */
  metadata(request: IncomingMessage, known: Metadata, rules: HeaderRules): Metadata;
  /** When the call must be over, in epoch milliseconds; `undefined`: never. `unaryTimeoutMs`: of the gateway, 0: none. Throws INVALID_ARGUMENT. */
  deadline(headers: IncomingHttpHeaders, unaryTimeoutMs: number): number | undefined;
  /** Answers a request for a method. Rejects with `RpcError` for what is wrong with it, before any call is opened. */
  answer(
    request: MethodRequest,
    named: NamedRequest,
    reply: HttpReply,
    call: HttpCall,
    context: ExchangeContext,
  ): Promise<void>;
  /** What refuses a path that no method has; `allowed`: HTTP methods that it has otherwise. */
  unknownPath(path: string, allowed: readonly string[]): RpcError;
  /** Answers a request that is refused before there is a call. Nothing has been sent. */
  refuse(request: IncomingMessage, reply: HttpReply, error: RpcError): void;
}
