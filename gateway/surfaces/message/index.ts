export {
  type AddressFields,
  fieldsBesideBody,
  fieldsOfSocket,
  messageFromAddress,
  messageFromQuery,
  RESERVED_PARAMETERS,
  withAddress,
} from './address-fields.js';
export {
  type EncodeMessage,
  encodeBatch,
  type SendOptions,
  sendBatch,
  type TakeMessages,
} from './encode-batch.js';
export { detailJson, endJson, errorJson, REASON_HEADER, retryDelayMs } from './error-json.js';
export { HeaderRules } from './header-rules.js';
export {
  countedHeaders,
  hasSeenEnd,
  POSITION_HEADER,
  pathOfCall,
  positionHeaders,
  resumePointOf,
  resumePointOfCursor,
} from './last-seen.js';
export {
  isIdempotencyKey,
  KEY_PROBLEM,
  prefersAsync,
  type RequestWish,
  recordingWish,
} from './recording-wish.js';
export { messageFromJson, textFromBytes } from './request-message.js';
export { addMetadata, callMetadata, requestDeadline, requestMetadata } from './request-metadata.js';
export { metadataHeaders, type PassedOn, passedOn } from './response-metadata.js';
export { scratch } from './scratch.js';
export { SealedOutlet } from './sealed-outlet.js';
export { canSeal, type Framing, type TextOutgoing } from './text-outgoing.js';
