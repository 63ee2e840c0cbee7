import { fileURLToPath } from 'node:url';
import {
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  type Registry,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { type Schema, schemaFromProtoFiles } from '../../../gateway/index.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** The package of the service and of the cases. */
export const PACKAGE = 'connectrpc.conformance.v1';
export const TYPE_PREFIX = 'type.googleapis.com/';

/** The types of the cases; names are full, such as "connectrpc.conformance.v1.UnaryRequest". */
export interface CaseSchema {
  /** What the gateway in front of the service is given. */
  readonly schema: Schema;
  /** Those and the types of the suites. */
  readonly registry: Registry;
  encode(type: string, json: unknown): Uint8Array;
  decode(type: string, bytes: Uint8Array): JsonValue;
  /** The JSON with JSON names, canonical values and no defaults: two messages are equal when these are. Throws for what is no such message. */
  canonical(type: string, json: unknown): JsonValue;
}

export async function openCaseSchema(): Promise<CaseSchema> {
  const file = (name: string) => path(`proto/connectrpc/conformance/v1/${name}.proto`);
  const folders = [path('proto'), path('../../../proto')];
  const schema = await schemaFromProtoFiles([file('service')], folders);
  // The shape of the suites has no service, so it is read together with one.
  const { registry } = await schemaFromProtoFiles(
    [file('service'), file('suite'), path('../../../proto/google/rpc/status.proto')],
    folders,
  );
  const typeOf = (name: string): DescMessage => {
    const type = registry.getMessage(name);
    if (type === undefined) throw new TypeError(`no message ${name}`);
    return type;
  };
  const messageOf = (name: string, json: unknown) => fromJson(typeOf(name), json as JsonValue, { registry });
  return {
    schema,
    registry,
    encode: (name, json) => toBinary(typeOf(name), messageOf(name, json)),
    decode: (name, bytes) => toJson(typeOf(name), fromBinary(typeOf(name), bytes), { registry }),
    canonical: (name, json) => toJson(typeOf(name), messageOf(name, json), { registry }),
  };
}

/** The full name of the type of an `Any`. */
export function typeNameOf(any: { readonly '@type': string }): string {
  return any['@type'].slice(any['@type'].lastIndexOf('/') + 1);
}

/** The JSON of the message in an `Any`, without its type. */
export function contentOf(any: { readonly '@type': string }): JsonValue {
  const { '@type': _type, ...content } = any;
  return content as JsonValue;
}
