import t from 'tap';
import { checkOddSchemas } from './odd-schemas.js';
import { openBrowser, whyNot } from './open-browser.js';

t.test(
  'schemas of every kind in the page, in Firefox',
  { skip: whyNot('firefox'), timeout: 400_000 },
  async (t) => {
    const browser = await openBrowser('firefox');
    t.teardown(() => browser.close());
    await checkOddSchemas(t, browser);
  },
);
