export { type CancelSignal, LATER, type Later, type Waker } from '../async/index.js';
export { Batch } from './batch.js';
export { refusalOf } from './call-refusal.js';
export { type CallStart, denseIds, type Gap, type MessageIds } from './call-start.js';
export { createEndedCall } from './ended-call.js';
export {
  assertUpstreamAddress,
  formatGrpcTimeout,
  frameBatch,
  type Http2TransportOptions,
  openHttp2Transport,
  pairsFromRaw,
  statusFromTrailers,
} from './http2/index.js';
export { openTransport } from './open-transport.js';
export { readNext } from './read-next.js';
export { localStatus } from './received-status.js';
export { faultOfPair, isReservedName } from './reserved-names.js';
export { type FormKey, SHARED_FORM_BYTES, type SharedForm, SharedForms } from './shared-forms.js';
export { assertAuthority } from './socket-path.js';
export type { FormWriter, Outlet, Taker } from './taker.js';
export type { Call, CallOptions, CallWaiting, SendBatch, Transport } from './transport.js';
export type { TransportOptions, UpstreamTls } from './transport-options.js';
