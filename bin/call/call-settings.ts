import type { CALL_COMMAND, Settings } from '../options/index.js';
import { UsageError } from '../options/index.js';
import { type CallArguments, isFlag, readArguments } from './call-arguments.js';
import { deadlineMs } from './deadline.js';
import { paceMs } from './pace.js';

export type CallSettings = Settings<typeof CALL_COMMAND>;

/** What a command line asks for, with what can be checked of it before anything is opened. */
export interface CallWish {
  readonly arguments: CallArguments;
  readonly deadlineMs: number | undefined;
  readonly paceMs: number | undefined;
}

/** Options of which only one makes sense. */
const RIVALS: readonly (readonly [
  name: keyof CallSettings['values'],
  other: keyof CallSettings['values'],
])[] = [
  ['data', 'upload'],
  ['detach', 'join'],
  ['detach', 'stop'],
  ['join', 'stop'],
  ['detach', 'output'],
  ['emitDefaults', 'output'],
  ['emitDefaults', 'join'],
  ['emitDefaults', 'detach'],
  ['join', 'output'],
  ['join', 'upload'],
  ['join', 'data'],
  ['grpc', 'http1'],
  ['grpc', 'detach'],
  ['grpc', 'join'],
  ['grpc', 'stop'],
];

/** Reads the arguments and checks the options. Throws `UsageError`. */
export function readCallWish({ values, origins, rest }: CallSettings): CallWish {
  for (const [name, other] of RIVALS) {
    if (isGiven(values[name]) && isGiven(values[other]))
      throw new UsageError(`--${String(name)} and --${String(other)} exclude each other`);
  }
  const isAtLocation = values.join !== undefined || values.stop !== undefined;
  const found = readArguments(rest, { isAddressGiven: isFlag(origins), hasFields: !isAtLocation });
  if (isAtLocation && found.name !== undefined)
    throw new UsageError('a location says which call is meant: leave out the method');
  if (!isAtLocation && found.name === undefined)
    throw new UsageError(
      'the method is missing: write it like pkg.Service/Method (sluice list shows what there is)',
    );
  const [second = '='] = found.fields;
  if (!second.includes('=') && /^[\w-]+(?:\.[\w-]+)*$/.test(second) && found.address === undefined)
    throw new UsageError(
      `unexpected argument ${JSON.stringify(second.slice(0, 100))}: write fields like name=value, and an address with its port, like ${found.name}:8080`,
    );
  return {
    arguments: found,
    deadlineMs: values.deadline === undefined ? undefined : deadlineMs(values.deadline),
    paceMs: values.slow === undefined ? undefined : paceMs(values.slow),
  };
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== false;
}
