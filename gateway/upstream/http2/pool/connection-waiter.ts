import type { Status } from '../../../status/index.js';
import type { PooledConnection } from './pooled-connection.js';

/** A call that wants a connection. Exactly one of the two is called, at once or later, unless it is withdrawn. */
export interface ConnectionWaiter {
  readonly onConnection: (connection: PooledConnection) => void;
  readonly onNoConnection: (status: Status) => void;
}
