import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { create, createFileRegistry, type FileRegistry } from '@bufbuild/protobuf';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { type FileDescriptorProto, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { fileWithLateComments } from './late-comments.js';
import { protoFolder } from './proto-folder.js';

/** Files that any schema may import, whether its source sends them or not. */
export interface BaseFiles {
  /** By the name they are imported under. */
  readonly byName: ReadonlyMap<string, FileDescriptorProto>;
  readonly registry: FileRegistry;
  /** What the gateway serves itself beside them. No schema has it from here: a service that has its own is asked for it like for anything else. */
  readonly health: FileDescriptorProto;
}

const HEALTH_FILE = 'grpc/health/v1/health.proto';

let base: BaseFiles | undefined;

/**
 * The well-known types, google/api, google/rpc, server reflection and sluice/v1, and health. Read from `proto/base.binpb` on the first call (some
 * milliseconds), then kept. `npm run generate` writes that file from `proto/`. Throws `SchemaError` when the package's folder `proto` is missing.
 */
export function baseFiles(): BaseFiles {
  base ??= readBaseFiles();
  return base;
}

function readBaseFiles(): BaseFiles {
  const reader = new BinaryReader(readFileSync(join(protoFolder(), 'base.binpb')));
  const file: FileDescriptorProto[] = [];
  while (reader.pos < reader.len) {
    // FileDescriptorSet.file: ours has nothing else.
    reader.tag();
    file.push(fileWithLateComments(reader.bytes()));
  }
  const health = file.find(({ name }) => name === HEALTH_FILE);
  if (health === undefined) throw new Error('proto/base.binpb has no health: run npm run generate');
  const set = create(FileDescriptorSetSchema, { file: file.filter((one) => one !== health) });
  const byName = new Map(set.file.map((one) => [one.name, one]));
  return { byName, registry: createFileRegistry(set), health };
}
