import { readDescriptorSet, type Schema, schemaFromProtoFiles } from '../gateway/schema/index.js';
import { type GATEWAY_COMMAND, nameOf, readBounded, type Settings } from './options/index.js';

/** The files that a schema may be read from. */
export type SchemaSettings = Settings<Pick<typeof GATEWAY_COMMAND, 'descriptorSet' | 'proto' | 'protoPath'>>;

/** A descriptor set wins over .proto files, those over the service's own reflection. */
export async function readSchema(settings: SchemaSettings): Promise<Schema | undefined> {
  const { descriptorSet, proto, protoPath } = settings.values;
  if (descriptorSet !== undefined) {
    const bytes = await readNamed(nameOf(settings, 'descriptorSet'), descriptorSet);
    try {
      return await readDescriptorSet(bytes);
    } catch (cause) {
      throw new Error(`${descriptorSet}: ${(cause as Error).message}`, { cause });
    }
  }
  return proto.length === 0 ? undefined : await schemaFromProtoFiles(proto, protoPath);
}

/** The content of a file that an option names. Its error names the option. */
export async function readNamed(source: string, file: string): Promise<Buffer> {
  try {
    return await readBounded(file);
  } catch (cause) {
    throw new Error(`${source} ${file}: ${(cause as Error).message}`, { cause });
  }
}
