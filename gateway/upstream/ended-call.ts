import type { Status } from '../status/index.js';
import type { Call } from './transport.js';

/** A call that was refused before anything was sent. */
export function createEndedCall(status: Status): Call {
  return {
    headers: Promise.resolve(undefined),
    status: Promise.resolve(status),
    read: () => Promise.resolve(undefined),
    write: () => false,
    halfClose: () => {},
    cancel: () => {},
  };
}
