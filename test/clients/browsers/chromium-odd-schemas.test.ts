import t from 'tap';
import { checkOddSchemas } from './odd-schemas.js';
import { openBrowser, whyNot } from './open-browser.js';

t.test(
  'schemas of every kind in the page, in Chromium',
  { skip: whyNot('chromium'), timeout: 400_000 },
  async (t) => {
    const browser = await openBrowser('chromium');
    t.teardown(() => browser.close());
    await checkOddSchemas(t, browser);
  },
);
