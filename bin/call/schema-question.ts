import { DEFAULT_LIMITS } from '../../gateway/options/index.js';
import type { Schema } from '../../gateway/schema/index.js';
import type { Transport } from '../../gateway/upstream/index.js';
import type { LIST_COMMAND, Settings } from '../options/index.js';
import { UsageError } from '../options/index.js';
import { isFlag, readArguments } from './call-arguments.js';
import { openLink, openLinkTransport } from './call-link.js';
import { linkSchema } from './link-schema.js';
import { suggestion } from './method-name.js';
import { methodLines } from './service-text.js';
import { symbolText } from './symbol-text.js';

export type ListSettings = Settings<typeof LIST_COMMAND>;

/** How long a gateway or a server has to say what it has, in milliseconds. */
const SCHEMA_MS = 30_000;

/** What `sluice list` prints: a line for each method, of one service or of all. Rejects with `CallFailure` and `SettingsError`. */
export async function listText(settings: ListSettings): Promise<string> {
  const { address, name } = readArguments(settings.rest, {
    isAddressGiven: isFlag(settings.origins),
    hasFields: false,
  });
  const schema = await schemaOf(settings, address);
  if (name !== undefined && !schema.serviceNames.includes(name)) {
    const names = schema.serviceNames.map((one) => `/${one}`);
    throw new UsageError(
      `there is no service ${JSON.stringify(name.slice(0, 200))}${suggestion(name, names)}`,
    );
  }
  for (const problem of schema.problems)
    process.stderr.write(`left out: ${JSON.stringify(String(problem))}\n`);
  return methodLines(schema, name)
    .map((line) => `${line}\n`)
    .join('');
}

/** What `sluice describe NAME` prints. Rejects with `CallFailure` and `SettingsError`. */
export async function describedText(settings: ListSettings): Promise<string> {
  const { address, name } = readArguments(settings.rest, {
    isAddressGiven: isFlag(settings.origins),
    hasFields: false,
  });
  const schema = await schemaOf(settings, address);
  return name === undefined
    ? schema.services.map(({ typeName }) => symbolText(schema, typeName)).join('\n')
    : symbolText(schema, name);
}

/** The schema of what the options name. `timeoutMs`: how long that may take. */
export async function schemaOf(
  settings: ListSettings,
  address: string | undefined,
  timeoutMs = SCHEMA_MS,
): Promise<Schema> {
  const link = await openLink(settings, address);
  let opened: Transport | undefined;
  const transport = async () => {
    opened ??= await openLinkTransport(link, {
      maxMessageBytes: DEFAULT_LIMITS.maxMessageBytes,
      isSlow: false,
    });
    return opened;
  };
  try {
    return await linkSchema(settings, link, transport, AbortSignal.timeout(timeoutMs));
  } finally {
    await opened?.close();
  }
}
