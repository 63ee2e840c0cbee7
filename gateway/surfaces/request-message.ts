import { type DescMessage, fromBinary } from '@bufbuild/protobuf';
import { type MessageCodec, zeroFields } from '../codec/index.js';
import { bindBody, fieldsInAddress, type HttpBinding, requestJson } from '../schema/index.js';
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
  const { pathValues, query, requestCodec } = target;
  // At the gRPC path everything is in the body.
  const binding = target.binding ?? WHOLE_BODY;
  if (binding.body === '*' && pathValues.length === 0 && !hasOwnParameters(query)) {
    return requestCodec.fromJson(text === '' ? '{}' : text);
  }
  // Checks everything but the body, which stays text: numbers in it may have more digits than a parsed one keeps.
  const refused = binding.body === undefined && text !== '';
  const address = refused ? undefined : addresses.get(target);
  const bound = address ?? addressMessage(target, binding, refused);
  if (!refused) addresses.set(target, bound);
  return Buffer.concat([bodyMessage(requestCodec, binding, text), bound]);
}

/** What the address of a request says of each of its messages: worked out once, for a body may have a line for every two bytes. */
const addresses = new WeakMap<Target, Uint8Array>();

function addressMessage(target: Target, binding: HttpBinding, hasBody: boolean): Uint8Array {
  const { method, pathValues, query, requestCodec } = target;
  const options = { reserved: RESERVED_PARAMETERS };
  const address = bindBody(method.input, binding, hasBody ? null : undefined, pathValues, query, options);
  return Buffer.concat([
    zeroFields(fieldsInAddress(method.input, pathValues, query, options)),
    requestCodec.fromJson(JSON.stringify(address)),
  ]);
}

/** What the body alone says of the message. */
function bodyMessage(codec: MessageCodec, { body }: HttpBinding, text: string): Uint8Array {
  if (body === undefined || text === '') return new Uint8Array(0);
  if (body === '*') return codec.fromJson(text);
  // One whole value: nothing in it can end the object that is put around it.
  assertJson(text);
  return codec.fromJson(`{${JSON.stringify(body.jsonName)}:${text}}`);
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

function assertJson(text: string): void {
  try {
    JSON.parse(text);
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
  const last = lastEventId(target);
  if (target.method.resume === undefined || last.kind === 'none' || last.kind === 'ended') return message;
  const name = 'last-event-id';
  if (last.kind === 'invalid') {
    throw new RpcError(Code.INVALID_ARGUMENT, `${name}: not an id of this stream`);
  }
  return Buffer.concat([message, cursorField(target, last.cursor, name)]);
}

/**
 * The request field that asks to go on after a cursor, encoded. Throws INVALID_ARGUMENT, which calls the cursor `name`, when the method
 * has no cursors, or the field cannot hold this one.
 */
export function cursorField(target: Target, cursor: string, name: string): Uint8Array {
  const { resume } = target.method;
  if (resume === undefined) throw new RpcError(Code.INVALID_ARGUMENT, `${name}: the method has no cursors`);
  try {
    const field = target.requestCodec.fromJson(JSON.stringify({ [resume.request.jsonName]: cursor }));
    return Buffer.concat([zeroFields([[resume.request]]), field]);
  } catch (reason) {
    const { message: problem } = RpcError.from(reason);
    throw new RpcError(Code.INVALID_ARGUMENT, `${name}: ${problem}`, { cause: reason });
  }
}

/** The fields that a WebSocket's path and query set in every message, encoded; empty when there are none. */
export function messageFromAddress(target: Target): Uint8Array {
  const { method, pathValues, query } = target;
  if (!hasOwnParameters(query) && pathValues.length === 0) return new Uint8Array(0);
  const fields = fieldsInAddress(method.input, pathValues, query, { reserved: RESERVED_PARAMETERS });
  return Buffer.concat([zeroFields(fields), messageFromQuery(target)]);
}

/**
 * Throws INVALID_ARGUMENT when the bytes of a frame are not a message. The service would refuse it as well, but blame itself: an
 * unparsable request is INTERNAL to most of them.
 */
export function assertMessage(type: DescMessage, data: Uint8Array): void {
  try {
    fromBinary(type, data);
  } catch (cause) {
    const problem = (cause as Error).message;
    throw new RpcError(Code.INVALID_ARGUMENT, `the frame is not a ${type.typeName}: ${problem}`, { cause });
  }
}
