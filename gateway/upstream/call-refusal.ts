import type { Status } from '../status/index.js';
import { localStatus } from './received-status.js';
import { faultOfPair } from './reserved-names.js';
import type { CallOptions } from './transport.js';

const METHOD_PATH = /^\/[\x21-\x2e\x30-\x7e]+\/[\x21-\x2e\x30-\x7e]+$/;

/** Why a call cannot even be tried, or `undefined`: the same for every transport. */
export function refusalOf(method: string, options: CallOptions): Status | undefined {
  if (options.signal.aborted) return localStatus('CANCELLED', 'cancelled');
  if (!METHOD_PATH.test(method)) {
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
