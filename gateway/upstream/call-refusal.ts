import type { Status } from '../status/index.js';
import { localStatus } from './received-status.js';
import { faultOfPair } from './reserved-names.js';
import type { CallOptions } from './transport.js';

/** In front of the two parts there may be a path below which all methods are: that of a gateway with a base path. */
const METHOD_PATH = /^(?:\/[\x21-\x2e\x30-\x7e]+){2,}$/;

/** Methods that are well-formed, so that those of every call are looked at once. A schema has fewer. */
const known = new Set<string>();
const MAX_KNOWN = 1_000;

function isMethodPath(method: string): boolean {
  if (known.has(method)) return true;
  if (!METHOD_PATH.test(method)) return false;
  if (known.size < MAX_KNOWN) known.add(method);
  return true;
}

/** Why a call cannot even be tried, or `undefined`: the same for every transport. */
export function refusalOf(method: string, options: CallOptions): Status | undefined {
  if (options.signal.aborted) return localStatus('CANCELLED', 'cancelled');
  if (!isMethodPath(method)) {
    return localStatus('INVALID_REQUEST', 'a method must look like "/package.Service/Method"');
  }
  for (const [name, value] of options.metadata) {
    const fault = faultOfPair(name, value);
    if (fault !== undefined) return localStatus('INVALID_METADATA', fault);
  }
  if (options.deadline !== undefined && !(options.deadline > Date.now())) {
    return localStatus('DEADLINE_PASSED', 'the deadline had passed before the call began');
  }
  return undefined;
}
