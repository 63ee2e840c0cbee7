import t from 'tap';
import { checkAuth } from './auth.js';
import { openBrowser, whyNot } from './open-browser.js';

t.test('tokens in Firefox', { skip: whyNot('firefox'), timeout: 400_000 }, async (t) => {
  const browser = await openBrowser('firefox');
  t.teardown(() => browser.close());
  await checkAuth(t, browser);
});
