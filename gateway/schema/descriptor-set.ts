import {
  create,
  createFileRegistry,
  createRegistry,
  type DescService,
  type FileRegistry,
  fromBinary,
} from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { baseFiles } from './base-files.js';
import { completeFiles } from './descriptor-files.js';
import { methodsFromServices } from './methods.js';
import { createRouteTable } from './route-table.js';
import type { Schema } from './schema.js';
import { SchemaError } from './schema-error.js';

export interface SchemaOptions {
  /**
   * The full names of the services that may be called. Default: all that the source has but those that operate a
   * server rather than serve its users (reflection, channelz, Envoy's own).
   */
  readonly services?: readonly string[];
}

/** Services that show the inside of a server; they are exposed only when asked for by name. */
const OPERATOR_SERVICES = /^(?:grpc\.(?:reflection|channelz|admin|binarylog)\.|envoy\.)/;

/** Whether a service is not exposed by default. */
export function isOperatorService(name: string): boolean {
  return OPERATOR_SERVICES.test(name);
}

/**
 * The schema of a serialized google.protobuf.FileDescriptorSet, as `protoc --descriptor_set_out --include_imports` and
 * `buf build --as-file-descriptor-set` write it. The registry also knows google.rpc error details, google.api.HttpBody
 * and the well-known types; where the set has a type itself, its own wins.
 * What is wrong with a single method is in `problems`. Throws `SchemaError` when the set as a whole cannot be used.
 */
export function schemaFromDescriptorSet(bytes: Uint8Array, options: SchemaOptions = {}): Schema {
  let files: FileDescriptorProto[];
  try {
    files = fromBinary(FileDescriptorSetSchema, bytes).file;
  } catch (error) {
    throw new SchemaError('this is not a google.protobuf.FileDescriptorSet', error);
  }
  if (files.length === 0 || files.some((file) => file.name === '')) {
    throw new SchemaError('this is not a google.protobuf.FileDescriptorSet: it has no files with names');
  }
  return schemaFromFiles(files, options);
}

/** The same for parsed files; they are changed in place. */
export function schemaFromFiles(files: readonly FileDescriptorProto[], options: SchemaOptions = {}): Schema {
  const given = new Set(files.map((file) => file.name));
  const foreign = registryFromFiles(completeFiles(files));
  const declared = [...foreign.files]
    .filter((file) => given.has(file.proto.name))
    .flatMap((file) => file.services);
  const services = exposedServices(declared, options.services);
  const { methods, problems } = methodsFromServices(services, foreign);
  return {
    registry: createRegistry(baseFiles().registry, foreign),
    services,
    methods,
    routes: createRouteTable(methods),
    problems,
  };
}

function registryFromFiles(files: FileDescriptorProto[]): FileRegistry {
  try {
    return createFileRegistry(create(FileDescriptorSetSchema, { file: files }));
  } catch (error) {
    throw new SchemaError(
      `the descriptors are broken: ${error instanceof Error ? error.message : error}`,
      error,
    );
  }
}

function exposedServices(
  declared: readonly DescService[],
  wanted: readonly string[] | undefined,
): DescService[] {
  if (wanted === undefined) {
    const services = declared.filter((service) => !isOperatorService(service.typeName));
    if (services.length === 0) throw new SchemaError('the schema has no service that could be called');
    return services;
  }
  return wanted.map((name) => {
    const found = declared.find((service) => service.typeName === name);
    if (found !== undefined) return found;
    const names = declared.map((service) => service.typeName).join(', ');
    throw new SchemaError(`the schema has no service "${name}"; it has: ${names || 'none'}`);
  });
}
