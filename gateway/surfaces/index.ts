export type { Traffic } from '../bridge/index.js';
export type { ExchangeContext, FinishedExchange, Meter, MethodRequest } from './exchange/index.js';
export {
  DEFAULT_LIMITS,
  ExchangeLimits,
  Exchanges,
  LIMIT_NAMES,
  type LimitName,
  type Limits,
  type OnRefusal,
  tooManyOfAddress,
  UnfinishedMessages,
} from './exchange/index.js';
export {
  ACCEPT_QUERY,
  answerHttp,
  discardBody,
  type HttpReply,
  methodNotAllowed,
  mustStayOk,
  sendError,
  sendRetryableEvent,
} from './http/index.js';
export { cutConnection } from './liveness/index.js';
export {
  type AddressFields,
  errorJson,
  fieldsOfSocket,
  HeaderRules,
  REASON_HEADER,
  requestDeadline,
  requestMetadata,
} from './message/index.js';
export { AllHeldBytes, answerSession, type SessionContext } from './session/index.js';
export { SURFACES, type Surfaces } from './table.js';
export { answerWebSocket, type WebSocketCall } from './websocket/index.js';
