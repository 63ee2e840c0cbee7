import t from 'tap';
import { checkConnect } from './connect.js';
import { openBrowser, whyNot } from './open-browser.js';

t.test(
  'published clients of Connect in Chromium',
  { skip: whyNot('chromium'), timeout: 400_000 },
  async (t) => {
    const browser = await openBrowser('chromium');
    t.teardown(() => browser.close());
    await checkConnect(t, browser);
  },
);
