export type { Traffic } from '../bridge/index.js';
export { EVICTION_CAUSES, type HealResult } from '../recording/index.js';
export type {
  CompressRule,
  ExchangeContext,
  ExchangeHandle,
  ExchangePlan,
  ExchangeRow,
  ExchangeTrace,
  FinishedExchange,
  Meter,
  MethodRequest,
  TracedEnd,
  Tracing,
} from './exchange/index.js';
export {
  DEFAULT_LIMITS,
  ExchangeLimits,
  Exchanges,
  LIMIT_NAMES,
  type LimitName,
  type Limits,
  type OnRefusal,
  ownerOf,
  RefusalLines,
  rowOf,
  tooManyOfAddress,
  UnfinishedMessages,
} from './exchange/index.js';
export {
  ACCEPT_QUERY,
  CODINGS,
  type ContentCoding,
  codingFor,
  compressed,
  discardBody,
  HttpPeer,
  type HttpProtocol,
  type HttpReply,
  LEAST_COMPRESSED_BYTES,
  methodNotAllowed,
  sendSnapshots,
  varyByEncoding,
} from './http/index.js';
export { cutConnection, cutRequest, cutStream, hasTaken } from './liveness/index.js';
export {
  type AddressFields,
  errorJson,
  fieldsOfSocket,
  HeaderRules,
  REASON_HEADER,
  requestMetadata,
  resumePointOf,
} from './message/index.js';
export { AllHeldBytes, answerSession, type SessionContext } from './session/index.js';
export { OWN_PROTOCOL, protocolOf, SURFACES, type Surfaces } from './table.js';
export { answerWebSocket, type WebSocketCall } from './websocket/index.js';
