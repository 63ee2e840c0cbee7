import type { DescField } from '@bufbuild/protobuf';
import { encodeBytesField, joinParts, zeroFields } from '../../codec/index.js';
import {
  assertNoRival,
  fieldsInAddress,
  type JsonObject,
  jsonBesideBody,
  masksAsWritten,
  requestJson,
} from '../../schema/index.js';
import { RpcError } from '../../status/index.js';
import type { MethodRequest } from '../exchange/index.js';

/** Query parameters that are ours and never fields of a request. */
export const RESERVED_PARAMETERS: ReadonlySet<string> = new Set(['lastEventId']);

const OPTIONS = { reserved: RESERVED_PARAMETERS };

/** What path and query say of a request, encoded. */
export interface AddressFields {
  readonly wire: Uint8Array;
  /** Some of it lies within messages, of which a body may have other parts. */
  readonly nested: boolean;
}

const NO_FIELDS: AddressFields = { wire: new Uint8Array(0), nested: false };

/** The request message that path and query describe, as wire bytes. */
export function messageFromQuery(request: MethodRequest): Uint8Array {
  const { method, pathValues, query } = request;
  return messageFromAddress(request, requestJson(method.input, pathValues, query, OPTIONS));
}

/** The message of what the address says, of which `json` is the ProtoJSON. */
export function messageFromAddress(
  { method, pathValues, query, requestCodec }: MethodRequest,
  json: JsonObject,
): Uint8Array {
  const message = requestCodec.fromJson(JSON.stringify(json));
  const masks = masksAsWritten(method.input, pathValues, query, OPTIONS);
  if (masks.length === 0) return message;
  const parts = masks.map(({ path, paths }) => encodeBytesField(path, maskFromPaths(path, paths), []));
  return joinParts(method.input, Buffer.concat([message, ...parts]));
}

/** A google.protobuf.FieldMask, which stands at the end of a path of fields. */
export function maskFromPaths(path: readonly DescField[], listed: readonly string[]): Uint8Array {
  const [paths] = path.at(-1)?.message?.fields ?? [];
  if (paths === undefined) return new Uint8Array(0);
  return Buffer.concat(listed.map((each) => encodeBytesField([paths], Buffer.from(each), [])));
}

/** The fields that the address sets beside a body, as its rule allows. Throws INVALID_ARGUMENT naming the parameter that it does not. */
export function fieldsBesideBody(request: MethodRequest): AddressFields {
  const { method, binding, pathValues, query } = request;
  if (pathValues.length === 0 && !hasOwnParameters(query)) return NO_FIELDS;
  // At the gRPC path everything is in the body.
  const body = binding === undefined ? '*' : binding.body;
  const json = jsonBesideBody(method.input, body, pathValues, query, OPTIONS);
  assertNoRival(body, json);
  return encoded(request, messageFromAddress(request, json));
}

/** The fields that a WebSocket's path and query set in every message. Throws INVALID_ARGUMENT naming the parameter that is none. */
export function fieldsOfSocket(request: MethodRequest): AddressFields {
  const { pathValues, query } = request;
  if (pathValues.length === 0 && !hasOwnParameters(query)) return NO_FIELDS;
  return encoded(request, messageFromQuery(request));
}

/** With zeros spelt out, so that they win as well. */
function encoded({ method, pathValues, query }: MethodRequest, fields: Uint8Array): AddressFields {
  const paths = fieldsInAddress(method.input, pathValues, query, OPTIONS);
  return {
    wire: Buffer.concat([zeroFields(paths), fields]),
    nested: paths.some((path) => path.length > 1 || path[0]?.fieldKind === 'message'),
  };
}

/** A message with the fields of the address, which win: what comes last on the wire counts. */
export function withAddress(
  request: MethodRequest,
  message: Uint8Array,
  { wire, nested }: AddressFields,
): Uint8Array {
  if (wire.length === 0) return message;
  const all = Buffer.concat([message, wire]);
  if (!nested || message.length === 0) return all;
  try {
    return joinParts(request.method.input, all);
  } catch (cause) {
    // A client's own bytes; those of a JSON text are always a message.
    const { typeName } = request.method.input;
    throw new RpcError('INVALID_MESSAGE', `the frame is not a ${typeName}`, { cause });
  }
}

function hasOwnParameters(query: URLSearchParams): boolean {
  return query.size > 0 && [...query.keys()].some((name) => !RESERVED_PARAMETERS.has(name));
}
