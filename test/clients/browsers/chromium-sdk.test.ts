import t from 'tap';
import { checkDetached } from './detached.js';
import { checkFallback } from './fallback.js';
import { openBrowser, whyNot } from './open-browser.js';
import { checkReadme } from './readme.js';
import { checkSdk } from './sdk.js';
import { checkSlowPage } from './slow-page.js';

t.test('the client in Chromium', { skip: whyNot('chromium'), timeout: 400_000 }, async (t) => {
  const browser = await openBrowser('chromium');
  t.teardown(() => browser.close());
  await t.test('the examples of its README', (t) => checkReadme(t, browser));
  await t.test('as it is', (t) => checkSdk(t, browser));
  await t.test('with a page that is slow', (t) => checkSlowPage(t, browser));
  await t.test('where WebSockets are blocked', (t) => checkFallback(t, browser));
  await t.test('with calls that go on without their page', (t) => checkDetached(t, browser));
});
