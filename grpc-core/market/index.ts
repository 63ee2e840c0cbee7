export { MAX_STEP, Market, type MarketOptions, type Quote } from './market.js';
export { stockHandlers } from './stock-handlers.js';
