import t from 'tap';
import { openBrowser, whyNot } from './open-browser.js';
import { checkOutlive } from './outlive.js';

t.test(
  'calls that outlive their page, in Chromium',
  { skip: whyNot('chromium'), timeout: 400_000 },
  async (t) => {
    const browser = await openBrowser('chromium');
    t.teardown(() => browser.close());
    await checkOutlive(t, browser);
  },
);
