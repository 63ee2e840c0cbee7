import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { create, createFileRegistry, type DescFile, type FileRegistry } from '@bufbuild/protobuf';
import * as wellKnown from '@bufbuild/protobuf/wkt';
import { type FileDescriptorProto, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { compile, type InputFile, parseFile } from '../source/index.js';
import { protoFolder } from './proto-folder.js';

/** What the gateway itself speaks of: HTTP rules, its own options, error details, server reflection. Imports come first. */
const OWN_FILES = [
  'google/api/http.proto',
  'google/api/annotations.proto',
  // Imported by many public services, and of no use to us but that their files compile.
  'google/api/launch_stage.proto',
  'google/api/client.proto',
  'google/api/field_behavior.proto',
  'google/api/resource.proto',
  'google/api/httpbody.proto',
  'google/rpc/code.proto',
  'google/rpc/error_details.proto',
  'google/rpc/status.proto',
  'grpc/reflection/v1/reflection.proto',
  'grpc/reflection/v1alpha/reflection.proto',
  'sluice/v1/options.proto',
];

/** Files that any schema may lean on, whether its source sends them or not. */
export interface BaseFiles {
  /** By the name they are imported under. */
  readonly byName: ReadonlyMap<string, FileDescriptorProto>;
  readonly registry: FileRegistry;
}

let base: BaseFiles | undefined;

/**
 * The well-known types, google/api, google/rpc, server reflection and sluice/v1. Read and compiled from `proto/` on
 * the first call (some ten milliseconds), then kept: nothing at run time depends on a file made by a build.
 */
export function baseFiles(): BaseFiles {
  base ??= loadBaseFiles();
  return base;
}

function loadBaseFiles(): BaseFiles {
  const folder = protoFolder();
  const known = new Map<string, FileDescriptorProto>();
  const add = (file: DescFile): void => {
    if (known.has(file.proto.name)) return;
    for (const imported of file.dependencies) add(imported);
    known.set(file.proto.name, file.proto);
  };
  for (const value of Object.values(wellKnown)) if (isFile(value)) add(value);
  const own: InputFile[] = OWN_FILES.map((name) => parseFile(name, readFileSync(join(folder, name), 'utf8')));
  const files = compile([...known.values(), ...own]);
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: files }));
  return { byName: new Map(files.map((file) => [file.name, file])), registry };
}

function isFile(value: unknown): value is DescFile {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'file';
}
