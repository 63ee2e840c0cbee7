import type { HttpBinding, Method } from '../../schema/index.js';
import { RpcError } from '../../status/index.js';
import { chooseMediaType, mediaTypeOf, namesMediaType } from '../../wire/index.js';
import { downloadOf, type MethodRequest, uploadOf } from '../exchange/index.js';
import type { HttpForms, HttpSurface, Negotiated } from './http-surface.js';

export const MEDIA_TYPE = {
  json: 'application/json',
  mergePatch: 'application/merge-patch+json',
  ndjson: 'application/x-ndjson',
  /** NDJSON under its second name. */
  jsonl: 'application/jsonl',
  sse: 'text/event-stream',
  bytes: 'application/octet-stream',
} as const;

/** What a QUERY is taken as. Source: RFC 10008 section 3. */
export const ACCEPT_QUERY = { 'accept-query': MEDIA_TYPE.json };

/** What of an HTTP request decides which surface answers. */
export interface Wish {
  readonly httpMethod: string;
  readonly contentType: string | undefined;
  readonly accept: string | undefined;
  /** The request announces a body. */
  readonly hasBody: boolean;
}

/** How a request is taken and answered. Pure. Throws 405, 406 or 415 that says what would do. */
export function negotiate(
  { requests, answers }: HttpForms,
  { method, binding }: Pick<MethodRequest, 'method' | 'binding'>,
  wish: Wish,
): Negotiated {
  return {
    open: requests[chooseRequest(method, binding, wish)],
    surface: chooseAnswer(answers, method, binding, wish),
  };
}

/** 405 with what is allowed, also as `Allow`. */
export function methodNotAllowed(allowed: readonly string[]): RpcError {
  return new RpcError('HTTP_METHOD_NOT_ALLOWED', `use ${allowed.join(' or ')} here`, {
    headers: { allow: allowed.join(', ') },
  });
}

function chooseRequest(
  method: Method,
  binding: HttpBinding | undefined,
  wish: Wish,
): keyof HttpForms['requests'] {
  const { httpMethod } = wish;
  const reading = httpMethod === 'GET' || httpMethod === 'HEAD';
  const type = mediaTypeOf(wish.contentType);
  const upload = uploadOf({ method, binding });
  const isFile =
    upload !== undefined && (type === MEDIA_TYPE.bytes || (upload.declared && binding !== undefined));
  if (method.requestStream && reading) {
    throw new RpcError(
      'HTTP_METHOD_NOT_ALLOWED',
      `${method.path} takes a stream of messages: use POST with ${MEDIA_TYPE.ndjson}, or a WebSocket`,
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
    const isSafe = method.safe && !method.requestStream;
    if (isSafe && httpMethod === 'QUERY') return chooseQuery(type);
    if (!stores) throw methodNotAllowed(isSafe ? ['GET', 'HEAD', 'POST', 'QUERY'] : ['POST']);
  }
  if (!method.requestStream && (binding === undefined ? reading : binding.body === undefined)) return 'query';
  const taken: string[] = method.requestStream ? [MEDIA_TYPE.ndjson, MEDIA_TYPE.jsonl] : [MEDIA_TYPE.json];
  if (!method.requestStream && binding !== undefined && httpMethod === 'PATCH')
    taken.push(MEDIA_TYPE.mergePatch);
  const asMessages = method.requestStream ? 'ndjson' : 'json';
  if (type !== undefined && taken.includes(type)) return asMessages;
  // JSON is never taken for the content of a file: see PROTOCOL.md, section 9.
  const mayBeFile = isFile && type !== MEDIA_TYPE.json;
  if (mayBeFile && (wish.hasBody || method.requestStream || type !== undefined)) return 'bytes';
  if (type === undefined && !wish.hasBody) return asMessages;
  throw unsupported(type, isFile ? [...taken, MEDIA_TYPE.bytes] : taken);
}

/** Source: RFC 10008: the content of a QUERY says of what type it is. */
function chooseQuery(type: string | undefined): keyof HttpForms['requests'] {
  if (type === MEDIA_TYPE.json) return 'json';
  if (type !== undefined) throw unsupported(type, [MEDIA_TYPE.json], ACCEPT_QUERY);
  throw new RpcError(
    'INVALID_HEADER',
    `header content-type: a QUERY says of what type its body is: send ${MEDIA_TYPE.json}`,
    { headers: ACCEPT_QUERY },
  );
}

/** The form in which a method answers. Throws 406. */
export function chooseAnswer(
  answers: HttpForms['answers'],
  method: Method,
  binding: HttpBinding | undefined,
  { accept }: Wish,
): HttpSurface {
  const forms = answers[method.responseStream ? 'stream' : 'message'];
  const download = downloadOf({ method, binding });
  const [file] = answers.file;
  if (download !== undefined && file !== undefined) {
    const namesForm = forms.some(({ mediaType }) => namesMediaType(accept, mediaType));
    // A file has a media type of its own that no client can know before, so its Accept is not held against it.
    if (download.declared && binding !== undefined && !namesForm) return file;
    if (!namesForm && namesMediaType(accept, file.mediaType)) return file;
  }
  if (accept === undefined && forms[0] !== undefined) return forms[0];
  const offered = forms.map(({ mediaType }) => mediaType);
  const chosen = chooseMediaType(accept, offered);
  const form = forms.find(({ mediaType }) => mediaType === chosen);
  if (form === undefined) {
    throw new RpcError('NOT_ACCEPTABLE', `header accept: this method answers with ${offered.join(', ')}`);
  }
  return form;
}

function unsupported(
  type: string | undefined,
  taken: readonly string[],
  // Source: RFC 5789 section 2.2.
  headers: Readonly<Record<string, string>> = taken.includes(MEDIA_TYPE.mergePatch)
    ? { 'accept-patch': taken.join(', ') }
    : {},
): RpcError {
  const got = type === undefined ? 'the request has none' : `not ${type}`;
  return new RpcError('UNSUPPORTED_CONTENT_TYPE', `header content-type: send ${taken.join(' or ')}, ${got}`, {
    headers,
  });
}
