// Prices of some symbols: one server stream, shown as a chart and as a table.
import type { Call } from '../browser/index.js';
import { LineChart } from './line-chart.js';
import { client, fail, find, hueOf, make, SERVICE, say } from './scene.js';

interface StockPrice {
  readonly symbol: string;
  readonly price: number;
  readonly change: number;
  readonly volume: string;
  readonly timestamp: string;
}

const rows = new Map<string, HTMLTableRowElement>();
const table = find('prices', HTMLElement);
const chart = new LineChart(
  find('chart', SVGSVGElement),
  120_000,
  (symbol) => `light-dark(hsl(${hueOf(symbol)} 70% 35%), hsl(${hueOf(symbol)} 70% 70%))`,
);
let running: Call<StockPrice> | undefined;

function show({ symbol, price, change, volume, timestamp }: StockPrice): void {
  chart.add({ name: symbol, at: Date.parse(timestamp), value: price });
  const name = make('span', { class: 'name' }, symbol);
  name.style.setProperty('--hue', hueOf(symbol));
  const sign = change < 0 ? '▼' : change > 0 ? '▲' : '';
  const row = make(
    'tr',
    {},
    make('td', {}, name),
    make('td', { class: 'number' }, price.toFixed(2)),
    make('td', { class: `number ${change < 0 ? 'bad' : 'good'}` }, `${sign} ${Math.abs(change).toFixed(2)}`),
    make('td', { class: 'number' }, Number(volume).toLocaleString()),
  );
  const old = rows.get(symbol);
  if (old === undefined) table.append(row);
  else old.replaceWith(row);
  rows.set(symbol, row);
}

async function watch(): Promise<void> {
  running?.cancel();
  chart.clear();
  rows.clear();
  table.replaceChildren();
  const symbols = find('symbols', HTMLInputElement)
    .value.split(/[\s,]+/)
    .filter((symbol) => symbol !== '');
  say(`watching ${symbols.join(', ')}`);
  const call = client.call<StockPrice & Record<string, unknown>>(`${SERVICE}/GetStockPrices`, {
    request: { symbols, intervalSeconds: 1 },
  });
  running = call;
  try {
    for await (const price of call.messages) show(price);
  } catch (reason) {
    if (running === call) fail(reason);
  }
}

find('watch', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  void watch();
});
find('stop', HTMLButtonElement).addEventListener('click', () => {
  running?.cancel();
  say('stopped');
});
void watch();
