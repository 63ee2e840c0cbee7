import t from 'tap';
import { openBrowser, whyNot } from './open-browser.js';
import { checkViews } from './views.js';

t.test(
  'every view of the page is for everyone in Firefox',
  { skip: whyNot('firefox'), timeout: 400_000 },
  async (t) => {
    const browser = await openBrowser('firefox');
    t.teardown(() => browser.close());
    await checkViews(t, browser, 'firefox');
  },
);
