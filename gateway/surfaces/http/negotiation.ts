import type { HttpBinding, Method } from '../../schema/index.js';
import { RpcError } from '../../status/index.js';
import { chooseMediaType, mediaTypeOf, namesMediaType } from '../../wire/index.js';
import { downloadOf, uploadOf } from '../exchange/index.js';

export const MediaType = {
  json: 'application/json',
  mergePatch: 'application/merge-patch+json',
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
  return { ask: chooseAsk(method, binding, wish), answer: chooseAnswer(method, binding, wish) };
}

/** 405 with what is allowed, also as `Allow`. */
export function methodNotAllowed(allowed: readonly string[]): RpcError {
  return new RpcError('HTTP_METHOD_NOT_ALLOWED', `use ${allowed.join(' or ')} here`, {
    headers: { allow: allowed.join(', ') },
  });
}

function chooseAsk(method: Method, binding: HttpBinding | undefined, wish: Wish): Ask {
  const { httpMethod } = wish;
  const reading = httpMethod === 'GET' || httpMethod === 'HEAD';
  const type = mediaTypeOf(wish.contentType);
  const upload = uploadOf({ method, binding });
  const isFile =
    upload !== undefined && (type === MediaType.bytes || (upload.declared && binding !== undefined));
  if (method.requestStream && reading) {
    throw new RpcError(
      'HTTP_METHOD_NOT_ALLOWED',
      `${method.path} takes a stream of messages: use POST with ${MediaType.ndjson}, or a WebSocket`,
      { headers: { allow: 'POST' } },
    );
  }
  if (binding === undefined && reading && !method.safe) {
    throw new RpcError(
      'HTTP_METHOD_NOT_ALLOWED',
      `${method.path} is not declared free of side effects: use POST, or declare idempotency_level = NO_SIDE_EFFECTS`,
      { headers: { allow: 'POST' } },
    );
  }
  // A rule says by itself which HTTP method it is for, and whether there is a body.
  if (binding === undefined && !reading && httpMethod !== 'POST') {
    const stores = isFile && (httpMethod === 'PUT' || httpMethod === 'PATCH');
    if (!stores)
      throw methodNotAllowed(method.requestStream || !method.safe ? ['POST'] : ['GET', 'HEAD', 'POST']);
  }
  if (!method.requestStream && (binding === undefined ? reading : binding.body === undefined)) return 'query';
  const taken: string[] = method.requestStream ? [MediaType.ndjson] : [MediaType.json];
  if (!method.requestStream && binding !== undefined && httpMethod === 'PATCH')
    taken.push(MediaType.mergePatch);
  const asMessages = method.requestStream ? 'ndjson' : 'json';
  if (type !== undefined && taken.includes(type)) return asMessages;
  // JSON is never taken for the content of a file: see PROTOCOL.md, section 9.
  const mayBeFile = isFile && type !== MediaType.json;
  if (mayBeFile && (wish.hasBody || method.requestStream || type !== undefined)) return 'bytes';
  if (type === undefined && !wish.hasBody) return asMessages;
  throw unsupported(type, isFile ? [...taken, MediaType.bytes] : taken);
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
  const download = downloadOf({ method, binding });
  if (download !== undefined) {
    const namesForm = forms.some(([mediaType]) => namesMediaType(accept, mediaType));
    // A file has a media type of its own that no client can know before, so its Accept is not held against it.
    if (download.declared && binding !== undefined && !namesForm) return 'bytes';
    if (!namesForm && namesMediaType(accept, MediaType.bytes)) return 'bytes';
  }
  const offered = forms.map(([mediaType]) => mediaType);
  const chosen = chooseMediaType(accept, offered);
  const form = forms.find(([mediaType]) => mediaType === chosen);
  if (form === undefined) {
    throw new RpcError('NOT_ACCEPTABLE', `header accept: this method answers with ${offered.join(', ')}`);
  }
  return form[1];
}

function unsupported(type: string | undefined, taken: readonly string[]): RpcError {
  const got = type === undefined ? 'the request has none' : `not ${type}`;
  return new RpcError('UNSUPPORTED_CONTENT_TYPE', `header content-type: send ${taken.join(' or ')}, ${got}`, {
    // Source: RFC 5789 section 2.2.
    headers: taken.includes(MediaType.mergePatch) ? { 'accept-patch': taken.join(', ') } : {},
  });
}
