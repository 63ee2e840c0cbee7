export { Heartbeat } from './heartbeat.js';
export { LEASE_MS, Leases, RENEWAL_MS } from './leases.js';
export { MAX_USERS_PER_ROOM, Presence, type PresenceChange } from './presence.js';
