import type { Browser, CDPSession } from 'puppeteer-core';
import type { Test } from 'tap';
import { builtPage } from '../playground/built-page.js';
import { openTickService, tickProto } from '../playground/tick-service.js';
import type { BrowserName } from './open-browser.js';
import { openPageOf, schemaOf, until } from './open-page.js';
import { partsOf } from './page-parts.js';

/** How much the page may hold more after many messages than after few, in bytes: less than a tenth of what they are together. */
const MAX_GROWTH_BYTES = 3 * 1024 * 1024;

/** Streams as pictures, and what becomes of one whose connection is cut. */
export async function checkStreams(t: Test, browser: Browser, name: BrowserName): Promise<void> {
  const service = await openTickService(t);
  const { page } = await openPageOf(t, browser, {
    pageDir: await builtPage(t),
    upstream: service.address,
    schema: await schemaOf(tickProto),
  });
  const { open, click, fill, shows, count, newest, tab, text, texts, cells, messages } = partsOf(page);
  const ask = (perSecond: number, total: number) =>
    fill('Request as JSON', JSON.stringify({ perSecond, total }));
  await open('Ticks');

  await t.test('a table: a row a message, a column a field, the newest first', async (t) => {
    await ask(10_000, 500);
    await click('Call');
    await shows('OK (0)');
    await until(async () => (await count()) === 500);
    t.same(await texts('[id$=-table] thead th'), ['#', 'after', 'symbol', 'price', 'number']);
    const widths = await page.$$eval('[id$=-table] thead th', (all) =>
      all.map((one) => (one as unknown as { offsetWidth: number }).offsetWidth),
    );
    // As wide as what they hold asks for, with the room that is left shared out: browsers measure tables in different ways.
    t.ok(Math.max(...widths) < 4 * Math.min(...widths), `columns of ${widths} pixels`);
    const room = await page.$eval('[id$=-table] .virtual', (one) => {
      const { scrollWidth, clientWidth } = one as unknown as { scrollWidth: number; clientWidth: number };
      return scrollWidth - clientWidth;
    });
    t.ok(room <= 1, `all columns are in sight, ${room} pixels are not`);
    await until(async () => (await cells('table', 5))[0] === '500');
    t.same((await cells('table', 5)).slice(0, 3), ['500', '499', '498']);
    t.ok((await cells('table', 5)).length < 20, 'what cannot be seen is no element');
    await fill('Filter', 'msft');
    await until(async () => (await cells('table', 3)).every((symbol) => symbol === 'MSFT'));
    await shows('167 match');
    await fill('Filter', '');
  });

  await t.test('raw JSON is one click away', async (t) => {
    await page.$eval('[id$=-table] tbody tr:not(.space) button', (one) =>
      (one as unknown as { click(): void }).click(),
    );
    await until(async () => (await text('[id$=-table] .detail pre')).includes('"number": "500"'));
    t.match(JSON.parse(await text('[id$=-table] .detail pre')), { number: '500', price: Number });
    await tab('JSON');
    await until(async () => (await messages()).at(-1)?.number === '500');
    await tab('Table');
  });

  await t.test('a fast stream is shown as it comes, whole and within bounds', async (t) => {
    await ask(2_000, 6_000);
    await click('Call');
    await until(async () => (await count()) > 500);
    await click('Freeze');
    const [held] = await cells('table', 5);
    await until(async () => (await count()) > 2_000);
    t.equal((await cells('table', 5))[0], held, 'a frozen table stands still');
    await click('Follow');
    await shows('OK (0)');
    await until(async () => (await count()) === 6_000);
    await until(async () => (await cells('table', 5))[0] === '6000');
    await shows('the newest are kept');
  });

  await t.test('a chart: a line for each symbol', async (t) => {
    await tab('Chart');
    await until(async () => (await texts('.u-series')).length === 4);
    t.match(await texts('.u-series .u-label'), [
      'after',
      /AAPL|MSFT|GOOG/,
      /AAPL|MSFT|GOOG/,
      /AAPL|MSFT|GOOG/,
    ]);
    const drawn = () =>
      page.$eval('.plot canvas', (canvas) => {
        const { width, height } = canvas as unknown as { width: number; height: number };
        const context = (
          canvas as unknown as {
            getContext(kind: string): { getImageData(...box: number[]): { data: Uint8Array } };
          }
        ).getContext('2d');
        const { data } = context.getImageData(0, 0, width, height);
        const colors = new Set<string>();
        for (let at = 0; at < data.length; at += 4) {
          if ((data[at + 3] ?? 0) === 255) colors.add(`${data[at]},${data[at + 1]},${data[at + 2]}`);
        }
        return [...colors];
      });
    await until(async () => (await drawn()).includes('11,92,173') || (await drawn()).includes('122,184,245'));
    t.pass('in their colours');
    await tab('Table');
  });

  await t.test('a cut connection heals by itself: nothing missing, nothing twice', async (t) => {
    const before = service.calls();
    await ask(200, 100_000);
    await click('Call');
    await until(async () => (await count()) > 50);
    await click('Cut the connection');
    await shows('nothing missing');
    await shows('nothing twice');
    const steps = await texts('.steps li');
    t.match(steps, [/^cut after \d+$/, /^went on with \d+ after /, 'nothing missing', 'nothing twice']);
    t.equal(Number(steps[1]?.match(/with (\d+)/)?.[1]), Number(steps[0]?.match(/\d+/)?.[0]) + 1);
    const seen = await count();
    await until(async () => (await count()) > seen + 50);
    await click('Cancel');
    await shows('CANCELLED (1)');
    await until(async () => (await newest()) === (await count()));
    t.pass('every number came once');
    t.ok(service.calls() >= before + 2, 'the service was asked again');
  });

  if (name !== 'chromium') return;
  await t.test('memory is flat, whatever the number of messages', async (t) => {
    const session = await page.createCDPSession();
    // As fast as a page on a busy machine can show: a stream that it cannot keep up with holds the processor that the page needs.
    await ask(10_000, 1_000_000);
    await click('Call');
    await until(async () => (await count()) > 10_000);
    const few = await heapOf(session);
    const counted = await count();
    await until(async () => (await count()) > counted + 20_000);
    const many = await heapOf(session);
    await click('Cancel');
    await shows('CANCELLED (1)');
    t.comment(`${few} bytes after ${counted} messages, ${many} after 20,000 more`);
    t.ok(many < few + MAX_GROWTH_BYTES, `${many - few} bytes more`);
  });
}

async function heapOf(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage');
  return (await session.send('Runtime.getHeapUsage')).usedSize;
}
