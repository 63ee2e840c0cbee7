import { status } from '@grpc/grpc-js';
import fc from 'fast-check';
import t from 'tap';
import { MAX_STEP, Market, stockHandlers } from '../../../grpc-core/market/index.js';
import type { StockPrice__Output } from '../../../proto/types/streaming/StockPrice.js';
import { startCore, until } from '../core-fixture.js';
import { serveHandlers, statusOf } from '../rpc/rpc-fixture.js';

t.test('no step of a price is larger than the bound, and no price ends', async (t) => {
  fc.assert(
    fc.property(
      fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
      (numbers) => {
        const market = new Market({ random: () => numbers.next().value, listed: ['A'] });
        for (let i = 0; i < 50; i += 1) {
          const before = market.list('A');
          market.tick();
          const after = market.list('A');
          // Half a cent for rounding.
          if (Math.abs(after.price - before.price) > before.price * MAX_STEP + 0.005) return false;
          if (Math.abs(after.change - (after.price - before.price)) > 1e-9) return false;
          if (after.price < 1 || after.volume <= before.volume) return false;
        }
        return true;
      },
    ),
  );
  const falling = new Market({ random: () => 0, listed: ['A'] });
  for (let i = 0; i < 1000; i += 1) falling.tick();
  t.equal(falling.list('A').price, 1);
});

t.test('every subscriber sees the same price at a tick; a longer interval skips ticks', async (t) => {
  const market = new Market({ now: () => 1_700_000_000_123 });
  const { client, calls } = await serveHandlers(t, stockHandlers(market));
  const subscribe = (symbols: string[], interval_seconds: number) => {
    const seen: StockPrice__Output[] = [];
    const call = client.GetStockPrices({ symbols, interval_seconds });
    call.on('error', () => {});
    call.on('data', (price: StockPrice__Output) => seen.push(price));
    return { call, seen };
  };
  const one = subscribe(['AAPL', 'NEW'], 0);
  const other = subscribe(['NEW'], 1);
  const slow = subscribe(['AAPL', 'AAPL'], 3);
  await until(() => one.seen.length === 2 && other.seen.length === 1 && slow.seen.length === 1);
  t.strictSame(
    one.seen.map(({ symbol }) => symbol),
    ['AAPL', 'NEW'],
    'the first price of each comes at once',
  );
  t.strictSame(one.seen[0]?.timestamp, { seconds: '1700000000', nanos: 123_000_000 });
  const prices: number[] = [one.seen[0]?.price ?? 0];
  for (let tick = 1; tick <= 6; tick += 1) {
    await until(() => market.waiting === 3);
    market.tick();
    prices.push(market.list('AAPL').price);
    await until(() => one.seen.length === 2 + 2 * tick && other.seen.length === 1 + tick);
  }
  await until(() => slow.seen.length === 3);
  const of = (symbol: string, seen: StockPrice__Output[]) => seen.filter((price) => price.symbol === symbol);
  t.strictSame(of('NEW', one.seen), other.seen);
  t.strictSame(
    of('AAPL', one.seen).map(({ price }) => price),
    prices,
  );
  t.strictSame(
    slow.seen.map(({ price }) => price),
    [prices[0], prices[3], prices[6]],
  );
  for (const { call } of [one, other, slow]) call.cancel();
  await until(() => calls.running === 0);
  t.equal(market.waiting, 0, 'nobody waits when all have left');
});

t.test('a reader that stops does not get what it missed, but the latest', async (t) => {
  const market = new Market();
  const handler = stockHandlers(market).GetStockPrices;
  const stop = new AbortController();
  const request = (async function* () {
    yield { symbols: ['A', 'B'], interval_seconds: 1 };
  })();
  const prices = handler(request, { signal: stop.signal } as never)[Symbol.asyncIterator]();
  await prices.next();
  for (let i = 0; i < 10; i += 1) market.tick();
  t.match((await prices.next()).value, { symbol: 'B', volume: 0 }, 'the tick that was begun is finished');
  t.match((await prices.next()).value, { symbol: 'A', price: market.list('A').price });
  t.match((await prices.next()).value, { symbol: 'B', price: market.list('B').price });
  const waiting = prices.next();
  await until(() => market.waiting === 1);
  stop.abort();
  t.match(await waiting, { done: true });
});

const long = 'x'.repeat(33);
for (const [request, details] of [
  [{ symbols: [] }, 'symbols: name at least one symbol'],
  [{ symbols: ['A', ''] }, 'symbols[1]: must not be empty'],
  [{ symbols: [long] }, 'symbols[0]: at most 32 characters'],
  [{ symbols: ['A B'] }, 'symbols[0]: only printable ASCII characters without spaces'],
  [{ symbols: ['A\n'] }, 'symbols[0]: only printable ASCII characters without spaces'],
  [{ symbols: ['Ä'] }, 'symbols[0]: only printable ASCII characters without spaces'],
  [{ symbols: Array(101).fill('A') }, 'symbols: at most 100 in one stream, 101 were given'],
  [{ symbols: ['A'], interval_seconds: -1 }, 'interval_seconds: must not be negative'],
] as const) {
  t.test(`a stream of prices is refused: ${details}`, async (t) => {
    const { client } = await serveHandlers(t, stockHandlers(new Market()));
    t.match(await statusOf(client.GetStockPrices(request as { symbols: string[] }).resume()), {
      code: status.INVALID_ARGUMENT,
      details,
    });
  });
}

t.test('a quote is the price of the market, and NOT_FOUND when nobody has listed the symbol', async (t) => {
  const market = new Market();
  const { client } = await serveHandlers(t, stockHandlers(market));
  const quote = (symbol: string): Promise<StockPrice__Output | undefined> =>
    new Promise((resolve, reject) => {
      client.GetStockQuote({ symbol }, (error, value) => (error ? reject(error) : resolve(value)));
    });
  t.match(await quote('TSLA'), { symbol: 'TSLA', price: market.list('TSLA').price, volume: '0' });
  await t.rejects(quote('NEW'), { code: status.NOT_FOUND, details: 'symbol: "NEW" is not listed' });
  await t.rejects(quote('__proto__'), { code: status.NOT_FOUND });
  await t.rejects(quote(''), { code: status.INVALID_ARGUMENT, details: 'symbol: must not be empty' });
  await t.rejects(quote(long), { code: status.INVALID_ARGUMENT });
  market.list('NEW');
  t.match(await quote('NEW'), { symbol: 'NEW' });
});

t.test('the market lists a bounded number of symbols', async (t) => {
  const market = new Market({ listed: ['A'], maxSymbols: 2 });
  market.list('B');
  t.throws(() => market.list('C'), { code: status.RESOURCE_EXHAUSTED, message: /^symbols: / });
  t.equal(market.list('A').symbol, 'A');
});

t.test('the core’s own market moves by itself', async (t) => {
  const { client } = await startCore(t, { marketTickMs: 10 });
  const call = client.GetStockPrices({ symbols: ['AAPL'] });
  call.on('error', () => {});
  const volumes: number[] = [];
  for await (const { volume } of call) {
    volumes.push(Number(volume));
    if (volumes.length === 5) break;
  }
  call.cancel();
  t.ok(volumes.every((volume, i) => i === 0 || volume > (volumes[i - 1] ?? 0)));
});
