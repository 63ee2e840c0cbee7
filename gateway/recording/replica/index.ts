export { NatsLink } from './nats-link.js';
export { OnceBucket } from './once-bucket.js';
export { type Member, Replicas } from './replicas.js';
export { SharedCall } from './shared-call.js';
export type { GoneCall, NameKind, SharedRecord } from './shared-records.js';
