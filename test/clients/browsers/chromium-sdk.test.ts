import t from 'tap';
import { openBrowser, whyNot } from './open-browser.js';
import { checkSdk } from './sdk.js';

t.test('the client in Chromium', { skip: whyNot('chromium'), timeout: 150_000 }, async (t) => {
  const browser = await openBrowser('chromium');
  t.teardown(() => browser.close());
  await checkSdk(t, browser);
});
