import t from 'tap';
import { openBrowser, whyNot } from './open-browser.js';
import { checkViews } from './views.js';

t.test(
  'every view of the page is for everyone in Chromium',
  { skip: whyNot('chromium'), timeout: 400_000 },
  async (t) => {
    const browser = await openBrowser('chromium');
    t.teardown(() => browser.close());
    await checkViews(t, browser, 'chromium');
  },
);
