export { ExchangeLimits } from './exchange-limits.js';
export { type ExchangeHandle, Exchanges } from './exchanges.js';
export { boundFirstMessage } from './first-message.js';
export { DEFAULT_LIMITS, type Limits, spread } from './limits.js';
export { downloadOf, type MethodRequest, uploadOf } from './method-request.js';
export { LIMIT_NAMES, type LimitName, type OnRefusal, tooManyOfAddress } from './refusal.js';
export {
  type ExchangeContext,
  type ExchangePlan,
  type FinishedExchange,
  type Meter,
  runExchange,
} from './run-exchange.js';
export { boundEnd, boundIncoming, boundOutgoing } from './stall.js';
export { PIECE_BYTES, type UnfinishedMessage, UnfinishedMessages } from './unfinished-messages.js';
