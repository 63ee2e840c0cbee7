import { pino } from 'pino';
import type { Browser, Page } from 'puppeteer-core';
import type { Test } from 'tap';
import { openCore } from '../../../grpc-core/index.js';
import { builtPage } from '../playground/built-page.js';
import { openTickService, tickProto } from '../playground/tick-service.js';
import { openWideService } from '../playground/wide-service.js';
import { faultsIn } from './axe.js';
import type { BrowserName } from './open-browser.js';
import { openPageOf, schemaOf, until } from './open-page.js';
import { partsOf } from './page-parts.js';

const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1360, height: 900 };

/** Every view of the page is for everyone: axe-core, the keyboard alone, small screens, dark, less motion. */
export async function checkViews(t: Test, browser: Browser, name: BrowserName): Promise<void> {
  const pageDir = await builtPage(t);
  const passes = async (t: Test, page: Page, view: string) => {
    for (const [size, viewport] of [
      ['desktop', DESKTOP],
      ['phone', PHONE],
    ] as const) {
      await page.setViewport(viewport);
      for (const scheme of name === 'chromium' ? ['light', 'dark'] : ['']) {
        // Firefox takes no such wishes of a driver.
        if (scheme !== '')
          await page.emulateMediaFeatures([
            { name: 'prefers-color-scheme', value: scheme },
            { name: 'prefers-reduced-motion', value: 'reduce' },
          ]);
        t.same(await faultsIn(page), [], `${view}, ${size} ${scheme}`);
        const width = await page.evaluate('document.documentElement.scrollWidth');
        t.ok(Number(width) <= viewport.width, `${view}, ${size}: ${width} pixels wide`);
      }
    }
    await page.setViewport(DESKTOP);
  };

  await t.test('forms, problems, a unary answer, copies, the history', async (t) => {
    const { address, protoFile } = await openWideService(t);
    const schema = await schemaOf(protoFile);
    const { page } = await openPageOf(t, browser, { pageDir, upstream: address, schema });
    const { open, click, set, shows } = partsOf(page);
    await open('Echo');
    await passes(t, page, 'a form');
    await set('small', 'x');
    await click('Call');
    await passes(t, page, 'a problem');
    await set('small', '1');
    await click('Call');
    await shows('OK (0)');
    await page.evaluate('for (const one of document.querySelectorAll("details")) one.open = true');
    await passes(t, page, 'an answer, and everything open');
  });

  await t.test('a table, a chart, a message, a cut', async (t) => {
    const { address } = await openTickService(t);
    const schema = await schemaOf(tickProto);
    const { page } = await openPageOf(t, browser, { pageDir, upstream: address, schema });
    const { open, click, count, fill, shows, tab, texts } = partsOf(page);
    await open('Ticks');
    await fill('Request as JSON', '{"perSecond":50,"total":100000}');
    await click('Call');
    await until(async () => (await count()) > 20);
    await click('Cut the connection');
    await shows('nothing twice');
    await passes(t, page, 'a running stream');
    await page.select('.speed select', '0');
    await page.waitForSelector('.pressure[open] .stations li');
    await passes(t, page, 'the brake, and where messages wait');
    await page.select('.speed select', 'Infinity');
    await page.$eval('.pressure', (one) => {
      (one as unknown as { open: boolean }).open = false;
    });
    await page.$eval('[id$=-table] tbody tr:not(.space) button', (one) =>
      (one as unknown as { click(): void }).click(),
    );
    await shows('Message ');
    await passes(t, page, 'a message');
    await tab('Chart');
    await until(async () => (await texts('.u-series')).length === 4);
    await passes(t, page, 'a chart');
    await click('Cancel');
    await shows('CANCELLED (1)');
  });

  await t.test('files on their way up and down', async (t) => {
    const core = await openCore({
      listen: '127.0.0.1:0',
      dataDir: t.testdir({ 'some file.bin': Buffer.alloc(100_000, 'Sluice ') }),
      log: pino({ level: 'silent' }),
    });
    t.teardown(() => core.close());
    const { page } = await openPageOf(t, browser, { pageDir, upstream: core.address });
    const { open, set, text } = partsOf(page);
    await open('UploadFile');
    await set('filePath', 'shelf/some file.bin');
    await passes(t, page, 'a place for a file');
    const input = await page.waitForSelector('.files input[type=file]');
    const file = `${t.testdirName}/some file.bin`;
    await (input as unknown as { uploadFile(...files: string[]): Promise<void> }).uploadFile(file);
    await until(async () => /checksums are equal/.test(await text('.transfer [role=status]')));
    await passes(t, page, 'a file that was sent');
    await open('DownloadFile');
    await set('filePath', 'no/such/file');
    await passes(t, page, 'a file to be saved');
  });

  await t.test('the keyboard alone: find a method, fill its form, call, look at a message', async (t) => {
    const core = await openCore({
      listen: '127.0.0.1:0',
      dataDir: t.testdir(),
      dataIntervalMs: 20,
      log: pino({ level: 'silent' }),
    });
    t.teardown(() => core.close());
    const { page } = await openPageOf(t, browser, { pageDir, upstream: core.address });
    const { json, link, shows, title } = partsOf(page);
    await link('Chat');
    const focused = () =>
      page.evaluate(
        '(document.activeElement.getAttribute("aria-label") ?? (document.activeElement.textContent || document.activeElement.id)).trim()',
      );
    const tabTo = async (wanted: RegExp) => {
      for (let pressed = 0; pressed < 120; pressed += 1) {
        await page.keyboard.press('Tab');
        const found = String(await focused());
        if (wanted.test(found)) return found;
      }
      return t.fail(`no Tab leads to ${wanted}`);
    };
    await tabTo(/^Skip to the method$/);
    // In Firefox what can be scrolled is a step of its own.
    await tabTo(/^filter$/);
    await page.keyboard.type('StockQuote');
    await tabTo(/^GetStockQuote/);
    await page.keyboard.press('Enter');
    await title('GetStockQuote');
    await until(async () => (await page.evaluate('document.activeElement.id')) === 'method');
    t.pass('the method has the focus');
    await tabTo(/^Copy link$/);
    await page.keyboard.press('Tab');
    t.equal(await page.evaluate('document.activeElement.tagName'), 'TEXTAREA');
    await page.keyboard.press('End');
    await page.keyboard.press('Backspace');
    t.same(await json(), { symbol: 'AAP' });
    await page.keyboard.type('L');
    t.same(await json(), { symbol: 'AAPL' });
    await page.keyboard.down('Control');
    await page.keyboard.press('Enter');
    await page.keyboard.up('Control');
    await shows('OK (0)');
    await tabTo(/^JSON$/);
    await page.keyboard.press('ArrowRight');
    t.equal(await focused(), 'Table', 'arrows move between views');
    await tabTo(/^Received message 1: show as JSON$/);
    await page.keyboard.press('Enter');
    await shows('Message 1');
    await tabTo(/^Close$/);
    await page.keyboard.press('Enter');
  });

  await t.test('live regions do not flood: a fast stream changes none of them a second time', async (t) => {
    const { address } = await openTickService(t);
    const schema = await schemaOf(tickProto);
    const { page } = await openPageOf(t, browser, { pageDir, upstream: address, schema });
    const { open, click, fill, shows } = partsOf(page);
    await open('Ticks');
    await page.evaluate(`
      globalThis.changes = 0;
      for (const live of document.querySelectorAll('[role=status], [role=alert], [aria-live]'))
        new MutationObserver(() => { changes += 1; }).observe(live, { childList: true, characterData: true, subtree: true });`);
    await fill('Request as JSON', '{"perSecond":5000,"total":5000}');
    await click('Call');
    await shows('OK (0)');
    const changes = Number(await page.evaluate('changes'));
    t.ok(changes >= 2 && changes <= 4, `${changes} changes: that it runs, and how it ended`);
  });

  await t.test('copied scripts run in a page as they are', async (t) => {
    const { address } = await openTickService(t);
    const schema = await schemaOf(tickProto);
    const { page } = await openPageOf(t, browser, { pageDir, upstream: address, schema });
    const { open, fill, text } = partsOf(page);
    await open('Ticks');
    await fill('Request as JSON', '{"perSecond":1000,"total":20}');
    for (const id of ['eventsource', 'websocket', 'fetch']) {
      const script = await text(`pre.${id}`);
      const lines: string[] = [];
      const heard = (line: { text(): string }) => lines.push(line.text());
      page.on('console', heard);
      // Scripts of the page itself are the only ones that its Content-Security-Policy allows; this is what a person types into the console.
      await page.evaluate(
        `(async () => {
          const log = console.log;
          console.log = (...given) => log(...given.map((one) => typeof one === 'object' ? JSON.stringify(one) : one));
          ${script}
        })()`,
      );
      await until(() => lines.some((line) => /"number":"20"/.test(line)));
      t.equal(lines.filter((line) => /"number":/.test(line)).length, 20, id);
      page.off('console', heard);
    }
  });
}
