import type { Calls } from '../rpc/index.js';
import { loadService } from '../rpc/index.js';
import { type Descriptors, indexDescriptors, readDescriptorSet } from './descriptors.js';
import { reflectionHandler } from './reflection-handler.js';

export { type Descriptors, indexDescriptors, readDescriptorSet } from './descriptors.js';

const VERSIONS = ['v1', 'v1alpha'] as const;

/**
 * Adds server reflection, v1 and v1alpha, to a server that serves `services` (full names). Throws when the descriptor set has not been built;
 * it is indexed when the first client asks.
 */
export function addReflection(calls: Calls, services: readonly string[]): void {
  const own = VERSIONS.map((version) => `grpc.reflection.${version}.ServerReflection`);
  const set = readDescriptorSet();
  let index: Descriptors | undefined;
  const descriptors = () => {
    index ??= indexDescriptors(set);
    return index;
  };
  const handler = reflectionHandler(descriptors, [...services, ...own].sort());
  VERSIONS.forEach((version, i) => {
    const definition = loadService(`grpc/reflection/${version}/reflection.proto`, own[i] ?? '');
    calls.add(definition, { ServerReflectionInfo: handler }, { quiet: true });
  });
}
