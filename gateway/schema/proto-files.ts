import { create, toBinary } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { completeFiles } from './descriptor-files.js';
import { type SchemaOptions, schemaFromFiles } from './descriptor-set.js';
import { loadProtoFiles } from './proto-loader.js';
import type { Schema } from './schema.js';
import { compile } from './source/index.js';

/**
 * The schema of .proto files, read without any compiler; see `descriptorSetFromProtoFiles` for what is understood and
 * `loadProtoFiles` for where imports are found. Throws `SchemaError` with file and line.
 */
export async function schemaFromProtoFiles(
  files: readonly string[],
  protoPaths: readonly string[] = [],
  options: SchemaOptions = {},
): Promise<Schema> {
  return schemaFromFiles(await filesFromProtoFiles(files, protoPaths), options);
}

/**
 * A serialized google.protobuf.FileDescriptorSet with all imports, as protoc makes it: proto2, proto3 and edition 2023,
 * custom options included. Comments and places are kept for whole declarations only (source_code_info). What only
 * concerns generated code is not checked, for example JSON names that collide or missing zero values of enums; a file
 * that protoc accepts gives protoc's descriptor.
 */
export async function descriptorSetFromProtoFiles(
  files: readonly string[],
  protoPaths: readonly string[] = [],
): Promise<Uint8Array> {
  const file = await filesFromProtoFiles(files, protoPaths);
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file }));
}

async function filesFromProtoFiles(
  files: readonly string[],
  protoPaths: readonly string[],
): Promise<FileDescriptorProto[]> {
  const drafts = new Map((await loadProtoFiles(files, protoPaths)).map((draft) => [draft.proto.name, draft]));
  const ordered = completeFiles([...drafts.values()].map((draft) => draft.proto));
  return compile(ordered.map((file) => drafts.get(file.name) ?? file));
}
