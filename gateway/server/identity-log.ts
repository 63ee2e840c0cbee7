import type { Logger } from 'pino';

/** Where lines of what is configured for identity go, and when the first of them may. */
export interface IdentityLog {
  readonly log: Logger;
  readonly listening: Promise<unknown>;
}
