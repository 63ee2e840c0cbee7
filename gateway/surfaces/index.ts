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
  discardBody,
  type HttpProtocol,
  type HttpReply,
  methodNotAllowed,
} from './http/index.js';
export { cutConnection, cutRequest, cutStream } from './liveness/index.js';
export {
  type AddressFields,
  errorJson,
  fieldsOfSocket,
  HeaderRules,
  REASON_HEADER,
  requestMetadata,
} from './message/index.js';
export { AllHeldBytes, answerSession, type SessionContext } from './session/index.js';
export { OWN_PROTOCOL, protocolOf, SURFACES, type Surfaces } from './table.js';
export { answerWebSocket, type WebSocketCall } from './websocket/index.js';
