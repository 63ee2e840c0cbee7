import { type Calls, loadService } from '../rpc/index.js';
import { readDescriptorSet } from './descriptor-set-file.js';
import type { Descriptors } from './descriptors.js';
import { reflectionHandler } from './reflection-handler.js';

const VERSIONS = ['v1', 'v1alpha'] as const;

/**
 * Adds server reflection, v1 and v1alpha, to a server that serves `services` (full names). Throws when the descriptor set has not been built;
 * it is indexed when the first client asks.
 */
export function addReflection(calls: Calls, services: readonly string[]): void {
  const own = VERSIONS.map((version) => `grpc.reflection.${version}.ServerReflection`);
  const set = readDescriptorSet();
  let index: Promise<Descriptors> | undefined;
  const descriptors = () => {
    index ??= import('./descriptors.js').then(({ indexDescriptors }) => indexDescriptors(set));
    return index;
  };
  const handler = reflectionHandler(descriptors, [...services, ...own].sort());
  for (const name of own) {
    calls.add(loadService(name), { ServerReflectionInfo: handler }, { quiet: true });
  }
}
