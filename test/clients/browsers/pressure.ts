import type { Browser } from 'puppeteer-core';
import type { Test } from 'tap';
import { createDeferred } from '../../../gateway/async/index.js';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { settled } from '../../support/http.js';
import { builtPage } from '../playground/built-page.js';
import { goTo, openTab } from './open-browser.js';
import { partsOf } from './page-parts.js';

const TEXT_BYTES = 2_000;

/** The brake of a stream, and the gauges beside it, against what the service itself has counted. */
export async function checkPressure(t: Test, browser: Browser): Promise<void> {
  const item = await bytes({ text: 'x'.repeat(TEXT_BYTES) });
  const { gateway, upstream } = await openForeign(
    t,
    { Down: [{ in: 'end' }, { out: item, times: 10_000_000 }] },
    { pageDir: await builtPage(t), graceMs: 100 },
  );
  const page = await openTab(browser);
  t.teardown(() => page.close().catch(() => undefined));
  page.on('pageerror', (error) => t.fail(`the page threw ${error}`));
  page.on('console', (line) => {
    if (/Content.Security.Policy/i.test(line.text())) t.fail(line.text());
  });
  // The types come late: what is chosen before is shown once they are here, and not twice.
  const types = createDeferred();
  await page.setRequestInterception(true);
  page.on('request', (request) => {
    const isHeld = request.url().endsWith('/descriptors.binpb');
    void (isHeld ? types.promise : Promise.resolve()).then(() => request.continue()).catch(() => undefined);
  });
  await goTo(t, page, gateway.url, '/_sluice/page/playground/page.js');
  const { link, open, click, text } = partsOf(page);
  await link('Down');
  await page.evaluate("location.hash = document.querySelector('nav a[href$=Down]').hash");
  t.equal(await page.$('article'), null);
  types.resolve();
  await open('Down');
  const shows = (pattern: string) =>
    page.waitForFunction(
      (what: string) => {
        const { document } = globalThis as unknown as {
          document: { querySelector(selector: string): { textContent: string } | null };
        };
        return new RegExp(what).test(document.querySelector('.stations')?.textContent ?? '');
      },
      { polling: 50 },
      pattern,
    );

  await click('Call');
  const call = await upstream.call(method('Down'));
  await page.select('.speed select', '0');
  await page.waitForSelector('.pressure[open]');
  await shows('its writes have stopped');
  const accepted = await settled(() => call.accepted);
  const levels = () =>
    page.$$eval('.stations [role=meter]', (all) =>
      all.map((one) => [one.getAttribute('aria-label'), Number(one.getAttribute('aria-valuenow'))]),
    );
  const held = Object.fromEntries(await levels()) as Record<string, number>;
  t.same(Object.keys(held), ['This page', 'Socket of the gateway', 'Gateway', 'HTTP/2 window', 'Service']);
  t.same([held['This page'], held['HTTP/2 window'], held.Service], [100, 100, 100]);
  t.ok((held.Gateway ?? 0) > 25, 'the gateway holds what the window let through');
  t.equal(await text('.pressure [role=status]'), 'The service has stopped writing.');
  t.equal(await settled(() => call.accepted), accepted, 'the service writes nothing more');

  await page.select('.speed select', 'Infinity');
  await page.waitForFunction(
    () =>
      (
        globalThis as unknown as { document: { querySelector(s: string): { textContent: string } | null } }
      ).document.querySelector('.pressure [role=status]')?.textContent === 'The service may write again.',
    { polling: 50 },
  );
  while (call.accepted < accepted + 1_000) await new Promise((resolve) => setTimeout(resolve, 20));
  t.pass('the service writes on');
  await click('Cancel');
  await call.over;
  await page.waitForFunction(
    () =>
      (
        globalThis as unknown as { document: { querySelectorAll(s: string): { length: number } } }
      ).document.querySelectorAll('.stations li').length === 0,
    { polling: 50 },
  );
}
