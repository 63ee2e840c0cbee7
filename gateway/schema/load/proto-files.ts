import { create, toBinary } from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import type { SchemaError } from '../problem/index.js';
import { ProblemList, SchemaProblem } from '../problem/index.js';
import { completeFiles } from './descriptor-files.js';
import { lateSchemaFromSources, type SchemaOptions, schemaFromFiles } from './descriptor-set.js';
import { LateOptionTypes } from './option-types.js';
import { loadProtoFiles } from './proto-loader.js';
import type { Schema } from './schema.js';

/** Shorter sources are no large schema. */
const LATE_CHARS = 256 * 1024;

/**
 * The schema of .proto files, read without any compiler; see `descriptorSetFromProtoFiles` for what is understood and
 * `loadProtoFiles` for where imports are found. What is broken or missing is left out with the methods that need it, and is in
 * `problems`, with file and line. Throws `SchemaError` when a given file is not there, or no method can be called.
 */
export async function schemaFromProtoFiles(
  files: readonly string[],
  protoPaths: readonly string[] = [],
  options: SchemaOptions = {},
): Promise<Schema> {
  const { compile } = await import('../source/index.js');
  const problems = new ProblemList();
  const report = (file: string, { message }: SchemaError) => {
    problems.add(
      new SchemaProblem(
        file,
        message.startsWith(`${file}: `) ? message.slice(file.length + 2) : message,
        file,
      ),
    );
  };
  const paths: string[] = [];
  const drafts = new Map(
    (await loadProtoFiles(files, protoPaths, report, paths)).map((draft) => [draft.proto.name, draft]),
  );
  const protos = [...drafts.values()].map((draft) => draft.proto);
  // Imports that are missing have been reported by the loader, with the places.
  const ordered = completeFiles(protos, (file, error) => {
    if (!error.message.endsWith('is missing')) report(file, error);
  });
  const places = new Map<string, string>();
  compile(
    ordered.map((file) => drafts.get(file.name) ?? file),
    {
      report,
      missing: (name, scope, { message }) => places.set(`${scope} ${name}`, message),
      registryOf: () => new LateOptionTypes(protos, () => problems.list().length === 0),
    },
  );
  const explain = (name: string, scope: string) => {
    const place = places.get(`${scope} ${name}`);
    return place === undefined ? '' : ` (${place})`;
  };
  const length = [...drafts.values()].reduce((sum, { reader }) => sum + reader.length, 0);
  const isSound = problems.list().length === 0 && places.size === 0;
  const sources =
    isSound && length >= LATE_CHARS ? protos.map((file) => toBinary(FileDescriptorProtoSchema, file)) : [];
  const late = lateSchemaFromSources(sources, options);
  return { ...(late ?? schemaFromFiles(protos, options, problems, explain)), files: paths };
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

/** Throws `SchemaError` with file and line. */
async function filesFromProtoFiles(
  files: readonly string[],
  protoPaths: readonly string[],
): Promise<FileDescriptorProto[]> {
  const { compile } = await import('../source/index.js');
  const drafts = new Map((await loadProtoFiles(files, protoPaths)).map((draft) => [draft.proto.name, draft]));
  const ordered = completeFiles([...drafts.values()].map((draft) => draft.proto));
  return compile(ordered.map((file) => drafts.get(file.name) ?? file));
}
