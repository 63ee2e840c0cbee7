import { RpcError } from '../../status/index.js';
import { type Call, createEndedCall } from '../../upstream/index.js';

/** A call that is opened when something has been waited for, with what is asked of it meanwhile. Where that fails it ends with the failure. */
export function lateCall(opening: Promise<Call>): Call {
  const opened = opening.catch((reason: unknown) => createEndedCall(RpcError.from(reason).toStatus()));
  return {
    headers: opened.then(({ headers }) => headers),
    status: opened.then(({ status }) => status),
    read: () => opened.then((call) => call.read()),
    write: (batch) => opened.then((call) => call.write(batch)),
    halfClose: () => void opened.then((call) => call.halfClose()),
    cancel: () => void opened.then((call) => call.cancel()),
  };
}
