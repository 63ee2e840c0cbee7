import t from 'tap';
import { openBrowser, whyNot } from './open-browser.js';
import { checkPressure } from './pressure.js';

t.test('the brake in Chromium', { skip: whyNot('chromium'), timeout: 400_000 }, async (t) => {
  const browser = await openBrowser('chromium');
  t.teardown(() => browser.close());
  await checkPressure(t, browser);
});
