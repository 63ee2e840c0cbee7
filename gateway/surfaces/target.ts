import type { IncomingMessage } from 'node:http';
import type { Registry } from '@bufbuild/protobuf';
import type { MessageCodec } from '../codec/index.js';
import type { RouteMatch } from '../schema/index.js';
import type { Limits } from './limits.js';

/** A request that belongs to a method: all that a surface needs to answer it. */
export interface Target extends RouteMatch {
  readonly request: IncomingMessage;
  readonly query: URLSearchParams;
  /** JSON <-> bytes of the method's request type. */
  readonly requestCodec: MessageCodec;
  /** The same of its response type. */
  readonly responseCodec: MessageCodec;
  /** The schema's types, to unpack error details. */
  readonly registry: Registry;
  readonly limits: Limits;
}
