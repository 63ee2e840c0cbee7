import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create, type DescFile, fromBinary, toBinary } from '@bufbuild/protobuf';
import * as wellKnown from '@bufbuild/protobuf/wkt';
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { compile, parseFile } from '../gateway/schema/source/index.js';

const PROTO_FOLDER = fileURLToPath(new URL('../proto', import.meta.url));

/** The files that the gateway itself speaks of: HTTP rules, its own options, error details, health, server reflection. Imports come first. */
const OWN_FILES = [
  'google/api/http.proto',
  'google/api/annotations.proto',
  // Many public services import these three. The gateway does not use them, but files that import them must link.
  'google/api/launch_stage.proto',
  'google/api/client.proto',
  'google/api/resource.proto',
  'google/api/field_behavior.proto',
  'google/api/httpbody.proto',
  'google/rpc/code.proto',
  'google/rpc/error_details.proto',
  'google/rpc/status.proto',
  'grpc/health/v1/health.proto',
  'grpc/reflection/v1/reflection.proto',
  'grpc/reflection/v1alpha/reflection.proto',
  'sluice/v1/options.proto',
];

/** The bytes of `proto/base.binpb`: the well-known types and our own files, parsed, as a google.protobuf.FileDescriptorSet. */
export function baseSetBytes(): Uint8Array {
  const known = new Map<string, FileDescriptorProto>();
  const add = (file: DescFile): void => {
    if (known.has(file.proto.name)) return;
    for (const imported of file.dependencies) add(imported);
    known.set(file.proto.name, file.proto);
  };
  for (const value of Object.values(wellKnown)) if (isFile(value)) add(value);
  const own = OWN_FILES.map((name) => parseFile(name, readFileSync(join(PROTO_FOLDER, name), 'utf8')));
  const compiled = [...compile([...known.values(), ...own]).values()];
  const file = compiled.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file }));
}

function isFile(value: unknown): value is DescFile {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'file';
}
