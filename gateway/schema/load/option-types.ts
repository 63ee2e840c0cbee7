import { createRegistry } from '@bufbuild/protobuf';
import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { baseFiles } from '../base/index.js';
import { ProblemList } from '../problem/index.js';
import type { OptionTypes } from '../source/index.js';
import { linkFiles } from './link/index.js';

/** The types of files as far as they can be linked, and ours. */
export function optionTypesOf(files: readonly FileDescriptorProto[]): OptionTypes {
  const { byName, registry: ours } = baseFiles();
  const others = files.filter((file) => byName.get(file.name) !== file);
  const { registry } = linkFiles(others, { problems: new ProblemList(), isExposed: () => false });
  return createRegistry(ours, registry);
}
