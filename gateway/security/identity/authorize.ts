import type { Metadata } from '../../status/index.js';
import type { AskedRequest } from './asked-request.js';

/** A request that an authorization service has let in. */
export interface Authorized {
  /** What the service gets, changed as the authorization service wants it. */
  tell(metadata: Metadata): Metadata;
  /** For the client, where its answer has a head. */
  readonly responseHeaders: Readonly<Record<string, string>>;
}

/** An authorization service, and what it is asked about. */
export interface Authorize {
  /** Rejects with what the client is refused with. */
  ask(asked: AskedRequest): Promise<Authorized>;
  /** Also for methods that everybody may call. */
  readonly ofPublic: boolean;
  /** For methods that no rule names. */
  readonly ofUnnamed: boolean;
  /** For what the gateway answers itself. */
  readonly ofOwn: boolean;
}
