import type { Call, Transport } from '../upstream/index.js';
import type { CallRequest } from './call-request.js';
import { HealedCall } from './heal/index.js';

/** Opens a call of the service as its method wants it: healed where it has cursors, else as it is. Never throws. */
export function openCall(transport: Pick<Transport, 'open'>, request: CallRequest): Call {
  const { method } = request;
  return method.resume === undefined
    ? transport.open(method.path, request)
    : new HealedCall(transport, request, method.resume);
}
