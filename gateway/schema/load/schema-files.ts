import { create, type DescFile, type DescService, toBinary } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
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
  { registry, services }: Pick<Schema, 'registry' | 'services'>,
  more: readonly DescService[] = [],
): Steps<Uint8Array> {
  const ours = baseFiles().registry;
  const files = new Map<DescFile, FileDescriptorProto>();
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
        files.set(top.file, top.file.proto);
        stack.pop();
      } else if (!files.has(imported)) {
        stack.push({ file: imported, next: 0 });
      }
    }
  };
  for (const { file } of more) if (!files.has(file)) add(file);
  const isThere = (typeName: string, file: DescFile): boolean =>
    replaced.has(typeName) || others.has(file.proto.name) || files.has(file);
  for (const { typeName, file } of registry)
    if (!isThere(typeName, file) && ours.getFile(file.proto.name) !== file) add(file);
  for (const { typeName, file } of services) if (!isThere(typeName, file)) add(file);
  const parts: Uint8Array[] = [];
  for (const file of files.values()) {
    // Sets behind each other are one set.
    parts.push(toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: [file] })));
    yield;
  }
  return Buffer.concat(parts);
}
