import { bindBody, type HttpBinding, type Json, requestJson } from '../schema/index.js';
import { Code, RpcError } from '../status/index.js';
import { parseLastEventId } from '../wire/index.js';
import type { Target } from './target.js';

/** Query parameters that are ours and never fields of a request. */
export const RESERVED_PARAMETERS: ReadonlySet<string> = new Set(['lastEventId']);

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/** Bytes as text; a byte order mark is dropped. Throws INVALID_ARGUMENT when they are not UTF-8. */
export function textFromBytes(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new RpcError(Code.INVALID_ARGUMENT, 'the message is not valid UTF-8', { cause });
  }
}

/** The request message that path and query describe, as wire bytes. */
export function messageFromQuery(target: Target): Uint8Array {
  const json = requestJson(target.method.input, target.pathValues, target.query, {
    reserved: RESERVED_PARAMETERS,
  });
  return target.requestCodec.fromJson(JSON.stringify(json));
}

/**
 * The request message that a JSON text describes, together with what the path (and, for `body: "field"`, the query)
 * binds. An empty text is an empty message.
 */
export function messageFromJson(target: Target, text: string): Uint8Array {
  const { method, pathValues, query, requestCodec } = target;
  // At the gRPC path everything is in the body.
  const binding = target.binding ?? WHOLE_BODY;
  if (binding.body === '*' && pathValues.length === 0 && !hasOwnParameters(query)) {
    return requestCodec.fromJson(text === '' ? '{}' : text);
  }
  const options = { reserved: RESERVED_PARAMETERS };
  const json = bindBody(method.input, binding, parseJson(text), pathValues, query, options);
  return requestCodec.fromJson(JSON.stringify(json));
}

const WHOLE_BODY: HttpBinding = {
  httpMethod: 'POST',
  template: '',
  variables: [],
  body: '*',
  responseBody: undefined,
};

function hasOwnParameters(query: URLSearchParams): boolean {
  return [...query.keys()].some((name) => !RESERVED_PARAMETERS.has(name));
}

function parseJson(text: string): Json | undefined {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new RpcError(Code.INVALID_ARGUMENT, `the body is not JSON: ${(cause as Error).message}`, { cause });
  }
}

/** What the client has seen of this stream before; the header wins over the query. */
export function lastEventId(target: Target): ReturnType<typeof parseLastEventId> {
  const header = target.request.headers['last-event-id'];
  return parseLastEventId(
    typeof header === 'string' ? header : (target.query.get('lastEventId') ?? undefined),
  );
}

/**
 * The same request, to continue after what the client has seen. Later fields win on the wire, so the cursor is
 * simply put behind what is there. Unchanged for a method without cursors.
 */
export function resumeAfter(target: Target, message: Uint8Array): Uint8Array {
  const { resume } = target.method;
  const last = lastEventId(target);
  if (resume === undefined || last.kind === 'none' || last.kind === 'ended') return message;
  try {
    if (last.kind === 'invalid') throw new RpcError(Code.INVALID_ARGUMENT, 'not an id of this stream');
    const json = { [resume.request.jsonName]: last.cursor };
    return Buffer.concat([message, target.requestCodec.fromJson(JSON.stringify(json))]);
  } catch (reason) {
    const { message: problem } = RpcError.from(reason);
    throw new RpcError(Code.INVALID_ARGUMENT, `last-event-id: ${problem}`, { cause: reason });
  }
}

/** The fields that a WebSocket's path and query set in every message, encoded; empty when there are none. */
export function fieldsInAddress(target: Target): Uint8Array {
  return hasOwnParameters(target.query) || target.pathValues.length > 0
    ? messageFromQuery(target)
    : new Uint8Array(0);
}
