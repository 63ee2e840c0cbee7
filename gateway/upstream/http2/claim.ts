import type { Status } from '../../status/index.js';
import type { Connection } from './connection.js';

/** A call that wants a connection. Exactly one of the two is called, at once or later, unless it is withdrawn. */
export interface Claim {
  readonly granted: (connection: Connection) => void;
  readonly refused: (status: Status) => void;
}
