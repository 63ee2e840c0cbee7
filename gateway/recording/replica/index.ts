export type { Adopter, HandedRequest, KeptForLater, KnownRequest, RecordingKind } from './hand-over.js';
export type { Member } from './member.js';
export { NatsLink } from './nats-link.js';
export { OnceBucket } from './once-bucket.js';
export { Replicas } from './replicas.js';
export { SharedCall } from './shared-call.js';
export type { GoneCall, NameKind, SharedRecord } from './shared-records.js';
