import t from 'tap';
import { checkForms } from './forms.js';
import { openBrowser, whyNot } from './open-browser.js';

t.test('the forms of the page in Chromium', { skip: whyNot('chromium'), timeout: 400_000 }, async (t) => {
  const browser = await openBrowser('chromium');
  t.teardown(() => browser.close());
  await checkForms(t, browser);
});
