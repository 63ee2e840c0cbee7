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

import type { AnyJson } from './case-types.js';

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
  /** The canonical content of a message of a template, and its bytes. Made once for each object, because the messages of a template are in dozens of cases. */
  contentOfRequest(any: AnyJson): { readonly json: JsonValue; readonly bytes: Uint8Array };
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
  const canonical = (name: string, json: unknown) =>
    toJson(typeOf(name), messageOf(name, json), { registry });
  const encode = (name: string, json: unknown) => toBinary(typeOf(name), messageOf(name, json));
  const contents = new WeakMap<AnyJson, { json: JsonValue; bytes: Uint8Array }>();
  return {
    schema,
    registry,
    encode,
    decode: (name, bytes) => toJson(typeOf(name), fromBinary(typeOf(name), bytes), { registry }),
    canonical,
    contentOfRequest(any) {
      let content = contents.get(any);
      if (content === undefined) {
        const [type, json] = [typeNameOf(any), contentOf(any)];
        content = { json: canonical(type, json), bytes: encode(type, json) };
        contents.set(any, content);
      }
      return content;
    },
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
