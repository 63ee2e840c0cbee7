import { status } from '@grpc/grpc-js';
import type { StockPrice } from '../../proto/types/streaming/StockPrice.js';
import type { StreamingServiceDefinition } from '../../proto/types/streaming/StreamingService.js';
import { CoreError, invalid, timestampFromMs } from '../base/index.js';
import { type HandlersOf, singleRequest } from '../rpc/index.js';
import type { Market, Quote } from './market.js';

const MAX_SYMBOLS_PER_STREAM = 100;
const MAX_SYMBOL_LENGTH = 32;

/** GetStockQuote and GetStockPrices on one market, whose tick is a second. */
export function stockHandlers(
  market: Market,
): Required<Pick<HandlersOf<StreamingServiceDefinition>, 'GetStockQuote' | 'GetStockPrices'>> {
  return {
    async *GetStockQuote(requests) {
      const { symbol } = await singleRequest(requests);
      assertSymbol('symbol', symbol);
      const quote = market.quote(symbol);
      if (quote === undefined) {
        throw new CoreError(status.NOT_FOUND, `symbol: ${JSON.stringify(symbol)} is not listed`);
      }
      yield priceFromQuote(quote);
    },

    async *GetStockPrices(requests, { signal }) {
      const request = await singleRequest(requests);
      if (request.interval_seconds < 0) throw invalid('interval_seconds', 'must not be negative');
      if (request.symbols.length === 0) throw invalid('symbols', 'name at least one symbol');
      if (request.symbols.length > MAX_SYMBOLS_PER_STREAM) {
        throw invalid(
          'symbols',
          `at most ${MAX_SYMBOLS_PER_STREAM} in one stream, ${request.symbols.length} were given`,
        );
      }
      request.symbols.forEach((symbol, i) => {
        assertSymbol(`symbols[${i}]`, symbol);
      });
      const symbols = new Set(request.symbols);
      const interval = request.interval_seconds === 0 ? 1 : request.interval_seconds;
      for (const symbol of symbols) market.list(symbol);
      let due = market.ticks;
      while (!signal.aborted) {
        if (market.ticks < due) {
          await market.nextTick(signal);
          continue;
        }
        // From the tick that is sent, not from the one that was due: a reader that was slow gets the latest prices, not the missed ones.
        due = market.ticks + interval;
        // All of one tick, even if the next comes while a slow reader takes them.
        for (const quote of [...symbols].map((symbol) => market.list(symbol))) yield priceFromQuote(quote);
      }
    },
  };
}

function assertSymbol(field: string, symbol: string): void {
  if (symbol === '') throw invalid(field, 'must not be empty');
  if (symbol.length > MAX_SYMBOL_LENGTH) throw invalid(field, `at most ${MAX_SYMBOL_LENGTH} characters`);
  if (!/^[!-~]+$/.test(symbol)) throw invalid(field, 'only printable ASCII characters without spaces');
}

function priceFromQuote(quote: Quote): StockPrice {
  return {
    symbol: quote.symbol,
    price: quote.price,
    change: quote.change,
    volume: quote.volume,
    timestamp: timestampFromMs(quote.epochMs),
  };
}
