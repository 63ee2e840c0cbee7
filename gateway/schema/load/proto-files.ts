import { fileWithLateComments } from '../base/index.js';
import type { SchemaError } from '../problem/index.js';
import { ProblemList, SchemaProblem } from '../problem/index.js';
import {
  lateSchemaFromSources,
  type SchemaOptions,
  schemaFromFiles,
  setFromFiles,
} from './descriptor-set.js';
import { optionTypesOf } from './option-types.js';
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
  const { Compiler } = await import('../source/index.js');
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
  const places = new Map<string, string>();
  const compiler = new Compiler({
    report,
    missing: (name, scope, { message }) => places.set(`${scope} ${name}`, message),
    typesOf: optionTypesOf,
  });
  const { names, paths, chars } = await loadProtoFiles(files, protoPaths, compiler, report);
  const explain = (name: string, scope: string) => {
    const place = places.get(`${scope} ${name}`);
    return place === undefined ? '' : ` (${place})`;
  };
  const compiled = compiler.end();
  const bytes = names.flatMap((name) => {
    const file = compiled.get(name);
    return file instanceof Uint8Array ? file : [];
  });
  const isSound = problems.list().length === 0 && places.size === 0;
  const late = isSound && chars >= LATE_CHARS ? await lateSchemaFromSources(bytes, options) : undefined;
  const schema = late ?? schemaFromFiles(bytes.map(fileWithLateComments), options, problems, explain);
  return { ...schema, files: paths };
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
  const { compiledBytes, Compiler } = await import('../source/index.js');
  const compiler = new Compiler();
  await loadProtoFiles(files, protoPaths, compiler);
  return setFromFiles([...compiler.end().values()].map(compiledBytes));
}
