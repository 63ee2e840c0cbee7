import t from 'tap';
import { openBrowser, whyNot } from './open-browser.js';
import { checkOtherSites } from './sites.js';

t.test('pages of other sites in Firefox', { skip: whyNot('firefox'), timeout: 400_000 }, async (t) => {
  const browser = await openBrowser('firefox');
  t.teardown(() => browser.close());
  await checkOtherSites(t, browser);
});
