import type { Metadata } from '../../status/index.js';

/** The longest `x-request-id` in the log: as long as those of HTTP requests may be. */
const MAX_REQUEST_ID_LENGTH = 128;

/** The `x-request-id` that a client has given to a call of its own. */
export function requestIdOf(metadata: Metadata): string | undefined {
  return metadata.find(([name]) => name === 'x-request-id')?.[1].slice(0, MAX_REQUEST_ID_LENGTH);
}
