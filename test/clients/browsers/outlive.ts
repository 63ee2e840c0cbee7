import type { Browser, Page } from 'puppeteer-core';
import type { Test } from 'tap';
import { createDeferred } from '../../../gateway/async/index.js';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { builtPage } from '../playground/built-page.js';
import { openTickService, tickProto } from '../playground/tick-service.js';
import { faultsIn } from './axe.js';
import { goTo, openTab } from './open-browser.js';
import { openPageOf, schemaOf, until } from './open-page.js';
import { partsOf } from './page-parts.js';

const PAGE = '/_sluice/page/playground/page.js';

/** Calls of the page that go on when it is loaded again, and detached calls that go on without it. */
export async function checkOutlive(t: Test, browser: Browser): Promise<void> {
  const pageDir = await builtPage(t);

  await t.test('a stream with ids goes on after a reload: each message comes once', async (t) => {
    const { address, calls } = await openTickService(t);
    const schema = await schemaOf(tickProto);
    const { page } = await openPageOf(t, browser, { pageDir, upstream: address, schema });
    const { click, count, fill, open, shows, verdict, newest, tab } = partsOf(page);
    await open('Ticks');
    await fill('Request as JSON', '{"perSecond":100,"total":1500}');
    await click('Call');
    await until(async () => (await count()) > 50);
    await click('Pause');
    await shows('paused');
    await tab('JSON');
    // The page draws a little after it has paused.
    let had = -1;
    await until(async () => {
      had = await count();
      return (await newest()) === had;
    });
    await page.reload();
    await shows(`cut after ${had}`);
    await shows(`went on with ${had + 1} `);
    await shows('OK (0)');
    // What had not been shown, and nothing else.
    await until(async () => (await count()) === 1_500 - had);
    await shows('nothing missing');
    await shows('nothing twice');
    t.equal(calls(), 2);
    await page.reload();
    await page.waitForSelector('article');
    t.equal((await page.$$('.outcome')).length, 0, 'what has ended does not begin again');

    await page.$eval('details.headers', (one) => {
      (one as unknown as { open: boolean }).open = true;
    });
    await fill('Request as JSON', '{"perSecond":100,"total":100000}');
    await fill('Headers', 'authorization: Bearer secret');
    await click('Call');
    await until(async () => (await count()) > 20);
    await page.reload();
    await shows('write them again');
    const kept = String(await page.evaluate('JSON.stringify([sessionStorage, localStorage])'));
    t.notMatch(kept, 'secret', 'no credential is kept');
    t.match(kept, 'sluice.cursor.1');
    t.equal(calls(), 3, 'and nothing is called without it');
    t.same(await faultsIn(page), [], 'a question for the headers');
    await click('Go on');
    await shows('nothing missing');
    await until(async () => (await count()) > 20);
    await click('Cancel');
    await shows('CANCELLED (1)');
    t.equal(await verdict(), 'CANCELLED (1)');
    await page.reload();
    await page.waitForSelector('article');
    t.equal((await page.$$('.outcome')).length, 0, 'what was cancelled does not begin again');
  });

  await t.test('a detached call is shown, listed, joined and stopped', async (t) => {
    const more = [createDeferred<void>(), createDeferred<void>()] as const;
    const items = await Promise.all(
      Array.from({ length: 300 }, async (_, at) => ({ out: await bytes({ number: at + 1 }) })),
    );
    const { gateway, upstream } = await openForeign(
      t,
      {
        Down: [
          { in: 'end' },
          ...items.slice(0, 100),
          { wait: more[0].promise },
          ...items.slice(100, 200),
          { wait: more[1].promise },
        ],
        Ask: [{ in: 'end' }, { out: await bytes({ number: 7 }) }],
      },
      {
        pageDir,
        graceMs: 100,
        config: {
          methods: {
            [method('Down').slice(1)]: { recording: {} },
            [method('Ask').slice(1)]: { recording: {} },
          },
        },
      },
    );
    const opened = async (hash = '') => {
      const page = await openTab(browser);
      t.teardown(() => page.close().catch(() => undefined));
      page.on('pageerror', (error) => t.fail(`the page threw ${error}`));
      await goTo(t, page, `${gateway.url}/${hash}`, PAGE);
      return { page, ...partsOf(page) };
    };
    const { page, click, count, open, shows, text } = await opened();
    await open('Down');
    await press(page, '.detach input');
    await click('Call');
    await shows('It goes on without this page at /_sluice/calls/');
    await until(async () => (await count()) === 100);
    await shows('runs · message 100');
    for (const viewport of [
      { width: 390, height: 844 },
      { width: 1360, height: 900 },
    ]) {
      await page.setViewport(viewport);
      t.same(await faultsIn(page), [], `a detached call, ${viewport.width} wide`);
      const width = await page.evaluate('document.documentElement.scrollWidth');
      t.ok(Number(width) <= viewport.width, `${width} pixels wide`);
    }
    await page.reload();
    await shows('It goes on without this page at /_sluice/calls/');
    more[0].resolve();
    await until(async () => (await count()) === 100);
    await shows('nothing missing');
    await shows('runs · message 200');
    t.equal(upstream.calls(method('Down')).length, 1, 'joined, not made again');

    const hash = String(await page.$eval('.detached a', (one) => one.getAttribute('href')));
    const other = await opened(hash);
    await until(async () => (await other.count()) === 200);
    t.pass('a link to a call shows it from its beginning');
    await page.bringToFront();
    await click('Leave');
    await shows('left: the call goes on at /_sluice/calls/');
    t.notOk(upstream.calls(method('Down'))[0]?.cancelled, 'leaving stops nothing');
    await page.reload();
    await shows('runs · message 200');
    t.equal((await page.$$('.outcome')).length, 0, 'a call that was left is not shown again');
    // The keyboard alone.
    await page.focus('.detached button');
    await page.keyboard.press('Enter');
    await other.shows('CANCELLED (1)');
    await until(() => upstream.calls(method('Down'))[0]?.cancelled === true);
    await shows('ended with code 1');
    t.same(await faultsIn(page), [], 'a list with a call that is over');
    await press(page, '.detached button');
    await until(async () => (await page.$('.detached[hidden]')) !== null);

    await open('Ask');
    await press(page, '.detach input');
    await click('Call');
    await shows('OK (0)');
    await shows('ended with code 0 · message 1');
    t.match(await text('.detached a'), 'Ask', 'a unary call as well');
    more[1].resolve();
  });
}

async function press(page: Page, selector: string): Promise<void> {
  await page.waitForSelector(selector);
  await page.$eval(selector, (one) => (one as unknown as { click(): void }).click());
}
