import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createFileRegistry, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { protoFolder } from './proto-folder.js';

/** Files that any schema may import, whether its source sends them or not. */
export interface BaseFiles {
  /** By the name they are imported under. */
  readonly byName: ReadonlyMap<string, FileDescriptorProto>;
  readonly registry: FileRegistry;
}

let base: BaseFiles | undefined;

/**
 * The well-known types, google/api, google/rpc, server reflection and sluice/v1. Read from `proto/base.binpb` on the first call (some
 * milliseconds), then kept. `npm run generate` writes that file from `proto/`. Throws `SchemaError` when the package's folder `proto` is missing.
 */
export function baseFiles(): BaseFiles {
  base ??= readBaseFiles();
  return base;
}

function readBaseFiles(): BaseFiles {
  const set = fromBinary(FileDescriptorSetSchema, readFileSync(join(protoFolder(), 'base.binpb')));
  return { byName: new Map(set.file.map((file) => [file.name, file])), registry: createFileRegistry(set) };
}
