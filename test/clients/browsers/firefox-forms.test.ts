import t from 'tap';
import { checkForms } from './forms.js';
import { openBrowser, whyNot } from './open-browser.js';

t.test('the forms of the page in Firefox', { skip: whyNot('firefox'), timeout: 400_000 }, async (t) => {
  const browser = await openBrowser('firefox');
  t.teardown(() => browser.close());
  await checkForms(t, browser);
});
