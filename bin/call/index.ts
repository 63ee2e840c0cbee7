import type { CallSettings } from './call-settings.js';
import type { ListSettings } from './schema-question.js';
import type { CallStreams, Errand } from './terminal.js';
import type { TopSettings } from './top.js';

export type { CallSettings } from './call-settings.js';
export type { ListSettings } from './schema-question.js';
export type { CallStreams, Errand } from './terminal.js';
export type { TopSettings } from './top.js';

// Each loads what it needs and nothing else: that is most of a start.

/** `sluice call` */
export async function runCall(settings: CallSettings, streams: CallStreams): Promise<Errand> {
  return (await import('./run-call.js')).startCall(settings, streams);
}

/** `sluice list`: what is to be printed. */
export async function runList(settings: ListSettings): Promise<string> {
  return await (await import('./schema-question.js')).listText(settings);
}

/** `sluice describe` with a name: what is to be printed. */
export async function runDescribeSymbol(settings: ListSettings): Promise<string> {
  return await (await import('./schema-question.js')).describedText(settings);
}

/** The methods that a command line so far can mean; none where nothing answers at once. */
export async function knownMethods(
  before: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<readonly string[]> {
  return await (await import('./known-names.js')).methodNames(before, environment);
}

/** The fields of the request of a method, in the same way. */
export async function knownFields(
  before: readonly string[],
  environment: NodeJS.ProcessEnv,
  method: string,
): Promise<readonly string[]> {
  return await (await import('./known-names.js')).requestFields(before, environment, method);
}

/** `sluice top` */
export async function runTop(settings: TopSettings, streams: CallStreams): Promise<Errand> {
  return (await import('./top.js')).startTop(settings, streams);
}
