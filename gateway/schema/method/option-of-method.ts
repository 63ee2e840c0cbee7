import { type DescMethod, getOption, hasOption, type Registry } from '@bufbuild/protobuf';
import { baseFiles } from '../base/index.js';

/**
 * One of our options of a method; `undefined` where it has none, or one that cannot be read, which is told to `report`. A set may have an option of
 * its own under our number: 50000 to 99999 are free for every company's use.
 */
export function optionOfMethod<T>(
  method: DescMethod,
  typeName: string,
  foreign: Registry,
  report: (problem: string) => void,
): T | undefined {
  const { registry } = baseFiles();
  const extension = registry.getExtension(typeName);
  if (extension === undefined || !hasOption(method, extension)) return undefined;
  const theirs = foreign.getExtensionFor(extension.extendee, extension.number);
  if (theirs !== undefined && theirs.typeName !== typeName) return undefined;
  try {
    return getOption(method, extension) as unknown as T;
  } catch (error) {
    report(`the option (${typeName}) cannot be read: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}
