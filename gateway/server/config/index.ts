import type { GatewayConfig } from './content.js';

export { configuredSchema } from './apply.js';
export { ConfigError } from './config-error.js';
export type { GatewayConfig, LimitsConfig, MethodConfig } from './content.js';

/**
 * Reads the text of a configuration file (docs/configuration.md). `file` is its name, for errors. Rejects with `ConfigError` for the
 * first mistake in it.
 */
export async function parseConfig(text: string, file: string): Promise<GatewayConfig> {
  // Only now: the two libraries behind it take longer to load than the rest of the start.
  const { configFromText } = await import('./parse.js');
  return configFromText(text, file);
}
