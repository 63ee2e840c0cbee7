import type { IncomingMessage } from 'node:http';
import type { Registry } from '@bufbuild/protobuf';
import type { MessageCodec } from '../../codec/index.js';
import type { FileContent, RouteMatch } from '../../schema/index.js';
import type { ClientPace } from './byte-pace.js';
import type { Limits } from './limits.js';

/** What is compressed for clients that accept it: nothing, answers that are sent whole, or streams of texts as well. */
export type CompressRule = 'off' | 'whole' | 'all';

/** A request that belongs to a method: all that a surface needs to answer it. */
export interface MethodRequest extends RouteMatch {
  readonly http: IncomingMessage;
  readonly query: URLSearchParams;
  /** The recorded call that is joined; its client sends no messages. */
  readonly location?: string | undefined;
  /** Below which everything is served; absent: the root. */
  readonly basePath?: string | undefined;
  /** JSON <-> bytes of the method's request type. */
  readonly requestCodec: MessageCodec;
  /** The same of what a JSON body is: its request type, or the field of it that the rule's `body` names. */
  readonly bodyCodec: MessageCodec;
  /** The same of what is answered: its response type, or the field of it that the rule's `response_body` names. */
  readonly responseCodec: MessageCodec;
  /** The schema's types, to unpack error details. */
  readonly registry: Registry;
  readonly limits: Limits;
  /** A PATCH whose mask is empty gets that of its body. */
  readonly patchMask: boolean;
  /** How fast its body may be read; left out: as fast as it comes. */
  readonly pace?: ClientPace | undefined;
  /** What is compressed for clients that accept it. */
  readonly compress: CompressRule;
}

/** What of the request a body of bytes is, at this path. */
export function uploadOf({
  method,
  binding,
}: Pick<RouteMatch, 'method' | 'binding'>): FileContent | undefined {
  return binding === undefined ? method.upload : binding.upload;
}

/** What of the response is sent as bytes, at this path. */
export function downloadOf({
  method,
  binding,
}: Pick<RouteMatch, 'method' | 'binding'>): FileContent | undefined {
  return binding === undefined ? method.download : binding.download;
}
