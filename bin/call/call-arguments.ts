import type { Settings } from '../options/index.js';
import { UsageError } from '../options/index.js';
import { isAddress } from './address.js';

/** What stands on a command line beside the options. */
export interface CallArguments {
  readonly address: string | undefined;
  readonly name: string | undefined;
  readonly fields: readonly string[];
}

/** `[ADDRESS] [NAME] [FIELD=VALUE ...]`. Throws `UsageError` for an address that is given twice, and for fields where there can be none. */
export function readArguments(
  rest: readonly string[],
  { isAddressGiven, hasFields }: { readonly isAddressGiven: boolean; readonly hasFields: boolean },
): CallArguments {
  const [first = ''] = rest;
  const isFirst = !first.includes('=') && isAddress(first);
  if (isFirst && isAddressGiven)
    throw new UsageError('the address is given twice: in front of the name, and by --address');
  const [name, ...fields] = isFirst ? rest.slice(1) : rest;
  if (fields.length > 0 && !hasFields)
    throw new UsageError(`unexpected argument ${JSON.stringify(String(fields[0]).slice(0, 100))}`);
  return { address: isFirst ? first : undefined, name, fields };
}

/** Whether `--address` is on the command line; a variable gives way to an argument. */
export function isFlag(origins: Settings['origins']): boolean {
  return origins.address?.kind === 'flag';
}
