import t from 'tap';
import { checkAuth } from './auth.js';
import { openBrowser, whyNot } from './open-browser.js';

t.test('tokens in Chromium', { skip: whyNot('chromium'), timeout: 400_000 }, async (t) => {
  const browser = await openBrowser('chromium');
  t.teardown(() => browser.close());
  await checkAuth(t, browser);
});
