export { Market, type MarketOptions, maxStep, type Quote } from './market.js';
export { stockHandlers } from './stock-handlers.js';
