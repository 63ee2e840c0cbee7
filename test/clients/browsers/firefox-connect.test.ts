import t from 'tap';
import { checkConnect } from './connect.js';
import { openBrowser, whyNot } from './open-browser.js';

t.test(
  'published clients of Connect in Firefox',
  { skip: whyNot('firefox'), timeout: 400_000 },
  async (t) => {
    const browser = await openBrowser('firefox');
    t.teardown(() => browser.close());
    await checkConnect(t, browser);
  },
);
