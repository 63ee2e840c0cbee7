import type { Gateway } from '../../gateway/index.js';
import type { Running } from '../lifetime.js';
import type { CORE_COMMAND, GATEWAY_COMMAND, Settings, START_COMMAND } from '../options/index.js';
import type { DescribeFormat, DescribeSettings } from './describe-service.js';
import type { OutputSettings } from './write-to.js';

export type { DescribeFormat, DescribeSettings } from './describe-service.js';
export { explainListenFailure } from './listen-failure.js';

// Each loads what it needs and nothing else: that is most of a start.

/** Checks everything that can be checked before a file or a port is opened. Rejects with `SettingsError` that names the option. */
export async function checkSettings(settings: Settings): Promise<void> {
  if ('adminListen' in settings.values) (await import('./checks.js')).checkGatewaySettings(settings);
  else (await import('./check-core.js')).checkCoreSettings(settings);
}

/** Every option of a command with its value and, as a comment, where that comes from. */
export async function printConfig(command: string, settings: Settings): Promise<string> {
  return (await import('./print-config.js')).configText(command, settings);
}

/** `sluice core` */
export async function runCore(settings: Settings<typeof CORE_COMMAND>): Promise<Running> {
  return await (await import('./core.js')).openCoreCommand(settings);
}

/** `sluice gateway` */
export async function runGateway(settings: Settings<typeof GATEWAY_COMMAND>): Promise<Running> {
  return await (await import('./gateway.js')).openGatewayCommand(settings);
}

/** `sluice describe` and `sluice types`: what is to be printed; nothing where it was written to a file. */
export async function runDescribe(
  settings: DescribeSettings,
  format: DescribeFormat,
  basePath?: string,
): Promise<string | Uint8Array> {
  return await (await import('./describe-service.js')).describeService(settings, format, basePath);
}

/** Writes a text to the file of `--output`; without that option it is what is to be printed. */
export async function writeOutput(settings: OutputSettings, text: string): Promise<string | Uint8Array> {
  return await (await import('./write-to.js')).writeTo(settings, text);
}

/** `sluice start` */
export async function runBoth(
  settings: Settings<typeof START_COMMAND>,
): Promise<Running & { readonly gateway: Gateway }> {
  return await (await import('./both.js')).openBoth(settings);
}
