import type { DescriptorProto, FieldDescriptorProto, FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { baseFiles, jsonNameFromProto } from '../base/index.js';
import { SchemaError } from '../problem/index.js';

/**
 * A whole set, imports first, from files in any order: the same file twice counts once, well-known imports that are
 * missing are supplied (see `baseFiles`), and JSON names are filled in where the source left them out, as the
 * descriptors in generated Python code do. Tells `report`, by default throws, a `SchemaError` naming an import that is nowhere, or a
 * circle. The given files are changed in place.
 */
export function completeFiles(
  files: readonly FileDescriptorProto[],
  report: (file: string, error: SchemaError) => void = (_file, error) => {
    throw error;
  },
): FileDescriptorProto[] {
  const given = new Map<string, FileDescriptorProto>();
  for (const file of files) {
    if (given.has(file.name)) continue;
    given.set(file.name, file);
    for (const message of file.messageType) fillJsonNames(message);
    for (const extension of file.extension) fillJsonName(extension);
  }
  const base = baseFiles().byName;
  const ordered = new Map<string, FileDescriptorProto>();
  const onPath = new Set<string>();

  // A stack of our own: a hostile set may be a chain of ten thousand imports.
  const visit = (root: FileDescriptorProto): void => {
    const stack = [{ file: root, next: 0 }];
    onPath.add(root.name);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const name = top.file.dependency[top.next];
      top.next += 1;
      if (name === undefined) {
        ordered.set(top.file.name, top.file);
        onPath.delete(top.file.name);
        stack.pop();
        continue;
      }
      if (ordered.has(name)) continue;
      if (onPath.has(name)) {
        const problem = `${top.file.name}: the import of "${name}" goes in a circle`;
        report(top.file.name, new SchemaError(problem));
        continue;
      }
      const file = given.get(name) ?? base.get(name);
      if (file === undefined) {
        report(top.file.name, new SchemaError(`the import "${name}" of ${top.file.name} is missing`));
        continue;
      }
      onPath.add(name);
      stack.push({ file, next: 0 });
    }
  };
  for (const file of given.values()) if (!ordered.has(file.name)) visit(file);
  return [...ordered.values()];
}

function fillJsonNames(message: DescriptorProto): void {
  for (const field of message.field) fillJsonName(field);
  for (const extension of message.extension) fillJsonName(extension);
  for (const nested of message.nestedType) fillJsonNames(nested);
}

function fillJsonName(field: FieldDescriptorProto): void {
  if (field.jsonName === '') field.jsonName = jsonNameFromProto(field.name);
}
