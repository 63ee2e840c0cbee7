import { LIST_COMMAND, readSettings } from '../options/index.js';
import { readArguments } from './call-arguments.js';
import { methodByName } from './method-name.js';
import { schemaOf } from './schema-question.js';

/** How long a shell waits for names, in milliseconds. */
const NAMES_MS = 2_000;

/** The methods that a command line so far can mean; none where nothing answers at once. */
export async function methodNames(
  before: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<string[]> {
  const schema = await schemaSoFar(before, environment);
  return schema === undefined ? [] : [...schema.methods.keys()].map((path) => path.slice(1));
}

/** The fields of the request of a method, in the same way. */
export async function requestFields(
  before: readonly string[],
  environment: NodeJS.ProcessEnv,
  name: string,
): Promise<string[]> {
  const schema = await schemaSoFar(before, environment);
  try {
    return schema === undefined ? [] : methodByName(schema, name).input.fields.map((field) => field.name);
  } catch {
    return [];
  }
}

async function schemaSoFar(before: readonly string[], environment: NodeJS.ProcessEnv) {
  try {
    const settings = await readSettings(LIST_COMMAND, onlyKnown(before), environment, { takesRest: true });
    const { address } = readArguments(settings.rest, { isAddressGiven: false, hasFields: true });
    return await schemaOf(settings, address, NAMES_MS);
  } catch {
    return undefined;
  }
}

/** Options that say where the schema is, with their values, and the first argument, which may be an address. */
function onlyKnown(before: readonly string[]): string[] {
  const valued = [
    '--address',
    '--ca',
    '--cert',
    '--key',
    '--server-name',
    '--authority',
    '--token-file',
    '--descriptor-set',
    '--proto',
    '--proto-path',
    '-H',
    '--header',
  ];
  const known: string[] = [];
  for (let index = 0; index < before.length; index += 1) {
    const word = before[index] as string;
    if (valued.includes(word) && index + 1 < before.length) known.push(word, before[++index] as string);
    else if (word === '--grpc' || word === '--tls' || !word.startsWith('-')) known.push(word);
  }
  return known;
}
