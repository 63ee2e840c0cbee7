import t from 'tap';
import { openBrowser, whyNot } from './open-browser.js';
import { checkPressure } from './pressure.js';

t.test('the brake in Firefox', { skip: whyNot('firefox'), timeout: 400_000 }, async (t) => {
  const browser = await openBrowser('firefox');
  t.teardown(() => browser.close());
  await checkPressure(t, browser);
});
