import { bytesField, encodeBytesField, zeroFields } from '../../codec/index.js';
import { type Json, maskOfBody } from '../../schema/index.js';
import { RpcError } from '../../status/index.js';
import { parseLastEventId } from '../../wire/index.js';
import type { MethodRequest } from '../exchange/index.js';
import { type AddressFields, maskFromPaths, withAddress } from './address-fields.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/** Bytes as text; a byte order mark is dropped. Throws INVALID_ARGUMENT when they are not UTF-8. */
export function textFromBytes(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new RpcError('INVALID_MESSAGE', 'the message is not valid UTF-8', { cause });
  }
}

/**
 * The request message of a JSON body, which is all of it or, for `body: "field"`, that field, together with what the address sets. An
 * empty text says nothing. Throws INVALID_ARGUMENT naming what is wrong.
 */
export function messageFromJson(request: MethodRequest, text: string, address: AddressFields): Uint8Array {
  const { binding, bodyCodec } = request;
  if (text === '') return address.wire;
  if (binding !== undefined && binding.body === undefined) {
    throw new RpcError('UNEXPECTED_BODY', 'this path takes no body; send the fields in the query');
  }
  const body = bodyCodec.fromJson(text);
  return withAddress(request, withMask(request, body, text, address), address);
}

/** A PATCH without a mask of its own gets that of what its body says. */
function withMask(
  { binding, patchMask }: MethodRequest,
  body: Uint8Array,
  text: string,
  address: AddressFields,
): Uint8Array {
  const mask = patchMask ? binding?.mask : undefined;
  if (mask === undefined || typeof binding?.body !== 'object' || binding.body.message === undefined)
    return body;
  if (address.wire.length > 0 && bytesField(address.wire, [mask])?.length) return body;
  const wire = maskFromPaths([mask], maskOfBody(binding.body.message, JSON.parse(text) as Json));
  return wire.length === 0 ? body : Buffer.concat([body, encodeBytesField([mask], wire, [])]);
}

/** What the client has seen of this stream before; the header wins over the query. */
export function lastEventId(request: MethodRequest): ReturnType<typeof parseLastEventId> {
  const header = request.http.headers['last-event-id'];
  return parseLastEventId(
    typeof header === 'string' ? header : (request.query.get('lastEventId') ?? undefined),
  );
}

/** The client has been told that this stream is over: there is nothing to begin again. */
export function hasSeenEnd(request: MethodRequest): boolean {
  return request.method.responseStream && lastEventId(request).kind === 'ended';
}

/** The client goes on after what it has seen of this stream. */
export function goesOn(request: MethodRequest): boolean {
  return request.method.resume !== undefined && lastEventId(request).kind === 'cursor';
}

/**
 * The same request, to continue after what the client has seen. Later fields win on the wire, so the cursor is
 * simply put behind what is there. Unchanged for a method without cursors.
 */
export function resumeAfter(request: MethodRequest, message: Uint8Array): Uint8Array {
  if (request.method.resume === undefined) return message;
  const last = lastEventId(request);
  if (last.kind === 'none' || last.kind === 'ended') return message;
  const name = 'last-event-id';
  if (last.kind === 'invalid') {
    throw new RpcError('INVALID_CURSOR', `${name}: not an id of this stream`);
  }
  return Buffer.concat([message, cursorField(request, last.cursor, name)]);
}

/**
 * The request field that asks to go on after a cursor, encoded. Throws INVALID_ARGUMENT, which calls the cursor `name`, when the method
 * has no cursors, or the field cannot hold this one.
 */
export function cursorField(request: MethodRequest, cursor: string, name: string): Uint8Array {
  const { resume } = request.method;
  if (resume === undefined) throw new RpcError('INVALID_CURSOR', `${name}: the method has no cursors`);
  try {
    const field = request.requestCodec.fromJson(JSON.stringify({ [resume.request.jsonName]: cursor }));
    return Buffer.concat([zeroFields([[resume.request]]), field]);
  } catch (reason) {
    const { message: problem } = RpcError.from(reason);
    throw new RpcError('INVALID_CURSOR', `${name}: ${problem}`, { cause: reason });
  }
}
