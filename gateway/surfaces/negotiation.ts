import type { HttpBinding, Method } from '../schema/index.js';
import { Code, RpcError } from '../status/index.js';
import { chooseMediaType, mediaTypeOf, namesMediaType } from '../wire/index.js';

export const MediaType = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  sse: 'text/event-stream',
  bytes: 'application/octet-stream',
} as const;

/** Where the request messages are. */
export type Ask = 'query' | 'json' | 'ndjson' | 'bytes';
/** What the answer looks like. */
export type Answer = 'json' | 'array' | 'ndjson' | 'sse' | 'bytes';

/** What of an HTTP request decides which surface answers. */
export interface Wish {
  readonly httpMethod: string;
  readonly contentType: string | undefined;
  readonly accept: string | undefined;
  /** The request announces a body. */
  readonly hasBody: boolean;
}

/** Which surface answers a request for a method. Pure. Throws 405, 406 or 415 that says what would do. */
export function negotiate(
  method: Method,
  binding: HttpBinding | undefined,
  wish: Wish,
): { ask: Ask; answer: Answer } {
  const ask = chooseAsk(method, binding, wish);
  const answer = chooseAnswer(method, binding, wish);
  // A stream cannot be had by HEAD: its headers alone say nothing. A file's do.
  if (wish.httpMethod === 'HEAD' && method.responseStream && answer !== 'bytes') {
    throw methodNotAllowed(['GET', 'POST']);
  }
  return { ask, answer };
}

/** 405 with what is allowed, also as `Allow`. */
export function methodNotAllowed(allowed: readonly string[]): RpcError {
  return new RpcError(Code.UNIMPLEMENTED, `use ${allowed.join(' or ')} here`, {
    httpStatus: 405,
    headers: { allow: allowed.join(', ') },
  });
}

function chooseAsk(method: Method, binding: HttpBinding | undefined, wish: Wish): Ask {
  const reading = wish.httpMethod === 'GET' || wish.httpMethod === 'HEAD';
  const type = mediaTypeOf(wish.contentType);
  const isFile =
    method.uploadField !== undefined && (type === MediaType.bytes || (method.file && binding !== undefined));
  if (method.requestStream) {
    if (reading) {
      throw new RpcError(
        Code.UNIMPLEMENTED,
        `${method.path} takes a stream of messages: use POST with ${MediaType.ndjson}, or a WebSocket`,
        { httpStatus: 405, headers: { allow: 'POST' } },
      );
    }
    if (type === MediaType.ndjson) return 'ndjson';
    if (isFile && type !== MediaType.json) return 'bytes';
    if (type === undefined && !wish.hasBody) return 'ndjson';
    throw unsupported(type, isFile ? [MediaType.ndjson, MediaType.bytes] : [MediaType.ndjson]);
  }
  // At the gRPC path GET has its request in the query; a rule says by itself whether there is a body.
  if (binding === undefined ? reading : binding.body === undefined) return 'query';
  if (binding === undefined && wish.httpMethod !== 'POST') {
    if (!(isFile && (wish.httpMethod === 'PUT' || wish.httpMethod === 'PATCH'))) {
      throw methodNotAllowed(['GET', 'POST']);
    }
  }
  if (isFile && type !== MediaType.json && wish.hasBody) return 'bytes';
  if (type === MediaType.json || (type === undefined && !wish.hasBody)) return 'json';
  throw unsupported(type, isFile ? [MediaType.json, MediaType.bytes] : [MediaType.json]);
}

function chooseAnswer(method: Method, binding: HttpBinding | undefined, wish: Wish): Answer {
  const { accept } = wish;
  const forms: readonly (readonly [mediaType: string, answer: Answer])[] = method.responseStream
    ? [
        [MediaType.ndjson, 'ndjson'],
        [MediaType.sse, 'sse'],
        [MediaType.json, 'array'],
      ]
    : [[MediaType.json, 'json']];
  if (method.downloadField !== undefined) {
    const namesForm = forms.some(([mediaType]) => namesMediaType(accept, mediaType));
    // A file has a media type of its own that no client can know before, so its Accept is not held against it.
    if (method.file && binding !== undefined && !namesForm) return 'bytes';
    if (!namesForm && namesMediaType(accept, MediaType.bytes)) return 'bytes';
  }
  const offered = forms.map(([mediaType]) => mediaType);
  const chosen = chooseMediaType(accept, offered);
  const form = forms.find(([mediaType]) => mediaType === chosen);
  if (form === undefined) {
    throw new RpcError(
      Code.INVALID_ARGUMENT,
      `header accept: this method answers with ${offered.join(', ')}`,
      {
        httpStatus: 406,
      },
    );
  }
  return form[1];
}

function unsupported(type: string | undefined, taken: readonly string[]): RpcError {
  const got = type === undefined ? 'there is none' : `not ${type}`;
  return new RpcError(Code.INVALID_ARGUMENT, `header content-type: send ${taken.join(' or ')}, ${got}`, {
    httpStatus: 415,
  });
}
