import t from 'tap';
import { openBrowser, whyNot } from './open-browser.js';
import { checkPage } from './page.js';

t.test('the page in Firefox', { skip: whyNot('firefox'), timeout: 400_000 }, async (t) => {
  const browser = await openBrowser('firefox');
  t.teardown(() => browser.close());
  await checkPage(t, browser);
});
