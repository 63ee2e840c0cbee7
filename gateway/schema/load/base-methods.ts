import type { DescService } from '@bufbuild/protobuf';
import { baseFiles } from '../base/index.js';
import type { Method } from '../method/index.js';
import { ProblemList } from '../problem/index.js';
import { methodsFromServices } from './methods.js';
import type { Schema } from './schema.js';

/** Services of the base files (full names), which the gateway answers itself. */
export function baseServices(names: readonly string[]): Pick<Schema, 'registry' | 'services'> & {
  readonly methods: ReadonlyMap<string, Method>;
} {
  const { registry } = baseFiles();
  const services = names.map((name) => registry.getService(name) as DescService);
  return {
    registry,
    services,
    methods: methodsFromServices(services, registry, () => false, new ProblemList()),
  };
}
