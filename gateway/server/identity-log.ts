import type { Logger } from 'pino';

/** What identity is opened with besides its configuration: where lines go, and when the first of them may. */
export interface IdentityLog {
  readonly log: Logger;
  readonly listening: Promise<unknown>;
  /** Clients may show certificates: `--tls-client-ca`. */
  readonly hasClientCa: boolean;
}
