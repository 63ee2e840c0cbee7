import { create, type DescFile, type DescService, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { finished, type Steps } from '../../async/index.js';
import { baseFiles } from '../base/index.js';
import type { Schema } from './schema.js';

/**
 * A schema as a serialized google.protobuf.FileDescriptorSet, imports first: what can be used of its source, and of the well-known files those
 * that it needs. Services are in files of their own, and what is broken is left out; comments are kept. `more`: services of other schemas, with all that
 * they need; they and their files stand in place of those of the same names.
 */
export function descriptorSetFromSchema(
  schema: Pick<Schema, 'registry' | 'services'>,
  more: readonly DescService[] = [],
): Uint8Array {
  return finished(descriptorSetSteps(schema, more));
}

/** The same, file by file. */
export function* descriptorSetSteps(
  schema: Pick<Schema, 'registry' | 'services'>,
  more: readonly DescService[] = [],
): Steps<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (const { proto } of yield* schemaFileSteps(schema, more)) {
    // Sets behind each other are one set.
    parts.push(toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: [proto] })));
    yield;
  }
  return Buffer.concat(parts);
}

/** The files of such a set, imports first. An import of a file that stands for another one is that one in the list, by its name. */
export function* schemaFileSteps(
  { registry, services }: Pick<Schema, 'registry' | 'services'>,
  more: readonly DescService[] = [],
): Steps<readonly DescFile[]> {
  const ours = baseFiles().registry;
  const files = new Set<DescFile>();
  const others = new Map(more.map(({ file }) => [file.proto.name, file]));
  const replaced = new Set(more.map(({ typeName }) => typeName));
  const add = (root: DescFile): void => {
    // A stack of our own: a hostile set may be a chain of ten thousand imports.
    const stack = [{ file: root, next: 0 }];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const wanted = top.file.dependencies[top.next];
      const imported = wanted && (others.get(wanted.proto.name) ?? wanted);
      top.next += 1;
      if (imported === undefined) {
        files.add(top.file);
        stack.pop();
      } else if (!files.has(imported)) {
        stack.push({ file: imported, next: 0 });
      }
    }
  };
  for (const { file } of more) if (!files.has(file)) add(file);
  const isThere = (typeName: string, file: DescFile): boolean =>
    replaced.has(typeName) || others.has(file.proto.name) || files.has(file);
  let last: DescFile | undefined;
  for (const { typeName, file } of registry) {
    // Where files are read when they are needed, that is what takes time.
    if (file !== last) yield;
    last = file;
    if (!isThere(typeName, file) && ours.getFile(file.proto.name) !== file) add(file);
  }
  for (const { typeName, file } of services) {
    if (!isThere(typeName, file)) add(file);
    yield;
  }
  return [...files];
}
