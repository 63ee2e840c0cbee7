import {
  createFileRegistry,
  type DescExtension,
  type DescMessage,
  type FileRegistry,
  fromBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

/** The types of one method. */
export interface CallTypes {
  readonly input: DescMessage;
  readonly output: DescMessage;
}

/** What the page knows of the types of the gateway's methods. */
export interface PageSchema {
  /** `path`: "/pkg.Service/Method". Undefined for a method that the descriptors do not hold. */
  typesOf(path: string): CallTypes | undefined;
  /** The message type "pkg.Name". */
  message(name: string): DescMessage | undefined;
  /** The extensions of a message type, as its fields: their `jsonName` is "[pkg.name]". */
  extensionsOf(type: DescMessage): readonly DescExtension[];
  /** The names of all message types that a person may choose for an `Any`, sorted; entries of maps are none. */
  readonly messageNames: readonly string[];
}

/**
 * Reads a `google.protobuf.FileDescriptorSet`: what the gateway serves as `/_sluice/descriptors.binpb`. Throws for bytes that are none, and for a set
 * in which a type is missing.
 */
export function schemaFromDescriptors(bytes: Uint8Array): PageSchema {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes));
  const messageNames = namesIn(registry).sort();
  const extensions = [...registry].filter((type) => type.kind === 'extension');
  return {
    messageNames,
    message: (name) => registry.getMessage(name),
    extensionsOf: ({ typeName }) => extensions.filter(({ extendee }) => extendee.typeName === typeName),
    typesOf(path) {
      const [, service = '', method = ''] = path.split('/');
      const found = registry.getService(service)?.methods.find(({ name }) => name === method);
      return found && { input: found.input, output: found.output };
    },
  };
}

function namesIn(registry: FileRegistry): string[] {
  const names: string[] = [];
  for (const type of registry) {
    if (type.kind === 'message' && type.proto.options?.mapEntry !== true) names.push(type.typeName);
  }
  return names;
}
