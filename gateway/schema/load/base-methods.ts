import { create, createFileRegistry, createRegistry, type DescService } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { baseFiles } from '../base/index.js';
import type { Method } from '../method/index.js';
import { ProblemList } from '../problem/index.js';
import { methodsFromServices } from './methods.js';
import type { Schema } from './schema.js';

/** Services (full names) that the gateway answers itself: health, and those of the base files. */
export function baseServices(names: readonly string[]): Pick<Schema, 'registry' | 'services'> & {
  readonly methods: ReadonlyMap<string, Method>;
} {
  const base = baseFiles();
  const health = createFileRegistry(create(FileDescriptorSetSchema, { file: [base.health] }));
  const registry = createRegistry(base.registry, health);
  const services = names.map((name) => registry.getService(name) as DescService);
  return {
    registry,
    services,
    methods: methodsFromServices(services, registry, () => false, new ProblemList()),
  };
}
