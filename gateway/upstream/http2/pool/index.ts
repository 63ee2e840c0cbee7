export { assertUpstreamAddress, parseAddress } from './address.js';
export { ConnectionPool } from './connection-pool.js';
export type { ConnectionWaiter } from './connection-waiter.js';
export type { PooledConnection } from './pooled-connection.js';
export { type Lookup, Resolver, systemLookup } from './resolver.js';
