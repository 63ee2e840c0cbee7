import type { FileSections, GatewayConfig } from './content.js';
import type { ConfigFile } from './parse.js';

export { configuredSchema } from './apply.js';
export type { AuthConfig } from './auth.js';
export { ConfigError } from './config-error.js';
export { defaultAccess, hasIdentity } from './configured-access.js';
export type { FileSections, GatewayConfig, LimitsConfig, MethodConfig } from './content.js';
export type { ConfigFile, FileOption } from './parse.js';

const NO_SECTIONS: FileSections = {};

/**
 * Reads what the text of a configuration file (docs/configuration.md) says of limits and methods. `file` is its name, for errors. Rejects with
 * `ConfigError` for the first mistake in it.
 */
export async function parseConfig(text: string, file: string): Promise<GatewayConfig> {
  return (await parseConfigFile(text, file, NO_SECTIONS)).config;
}

/** The same with sections of options, each by its name and its table. */
export async function parseConfigFile(
  text: string,
  file: string,
  sections: FileSections,
): Promise<ConfigFile> {
  // Only now: the two libraries behind it take longer to load than the rest of the start.
  const { configFromText } = await import('./parse.js');
  return configFromText(text, file, sections);
}

/** The JSON Schema of a configuration file with these sections, as docs/config.schema.json publishes it. */
export async function configJsonSchema(sections: FileSections): Promise<Readonly<Record<string, unknown>>> {
  const { jsonSchemaOf } = await import('./json-schema.js');
  return jsonSchemaOf(sections);
}
