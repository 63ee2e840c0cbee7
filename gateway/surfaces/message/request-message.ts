import { bytesField, encodeBytesField } from '../../codec/index.js';
import { type Json, maskOfBody } from '../../schema/index.js';
import { RpcError } from '../../status/index.js';
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
