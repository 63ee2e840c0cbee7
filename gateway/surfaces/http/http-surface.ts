import type { Incoming, Outgoing } from '../../bridge/index.js';
import type { MethodRequest, Surface } from '../exchange/index.js';
import type { HttpReply } from './http-reply.js';
import type { WholeBody } from './whole-body.js';

/** What an answer consists of: one message, a stream of them, or the bytes of a file. */
export type AnswerKind = 'message' | 'stream' | 'file';

/** A form in which HTTP answers a call. */
export interface HttpSurface extends Surface {
  readonly answers: AnswerKind;
  /** What a client names in `Accept`. */
  readonly mediaType: string;
  /** Where the answer goes: nothing has been sent yet. */
  open(request: MethodRequest, reply: HttpReply): Outgoing;
}

/**
 * The messages of an HTTP request in one of its forms. Throws, or rejects with, `RpcError`; what is wrong with the address throws before
 * the body is touched.
 */
export type OpenRequest = (request: MethodRequest, whole: WholeBody) => Incoming | Promise<Incoming>;

/** How one request is taken and answered. */
export interface Negotiated {
  readonly open: OpenRequest;
  readonly surface: HttpSurface;
  /** The call is to go on without its client, which is told where. */
  readonly isDetached?: boolean | undefined;
}

/** The forms in which HTTP takes requests and answers them; the first answer of a kind is the one for clients that do not mind. */
export interface HttpForms {
  readonly requests: {
    /** One message, of path and query. */
    readonly query: OpenRequest;
    /** One message, of a JSON body. */
    readonly json: OpenRequest;
    /** A stream of messages, one a line. */
    readonly ndjson: OpenRequest;
    /** The bytes of a file. */
    readonly bytes: OpenRequest;
  };
  readonly answers: Readonly<Record<AnswerKind, readonly HttpSurface[]>>;
}
