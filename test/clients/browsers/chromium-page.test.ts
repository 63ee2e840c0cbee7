import t from 'tap';
import { checkForms } from './forms.js';
import { openBrowser, whyNot } from './open-browser.js';
import { checkPage } from './page.js';
import { checkStreams } from './streams.js';
import { checkViews } from './views.js';

t.test('the page in Chromium', { skip: whyNot('chromium'), timeout: 400_000 }, async (t) => {
  const browser = await openBrowser('chromium');
  t.teardown(() => browser.close());
  await checkPage(t, browser);
});

t.test('the forms of the page in Chromium', { skip: whyNot('chromium'), timeout: 400_000 }, async (t) => {
  const browser = await openBrowser('chromium');
  t.teardown(() => browser.close());
  await checkForms(t, browser);
});

t.test('streams in the page in Chromium', { skip: whyNot('chromium'), timeout: 400_000 }, async (t) => {
  const browser = await openBrowser('chromium');
  t.teardown(() => browser.close());
  await checkStreams(t, browser, 'chromium');
});

t.test(
  'every view of the page is for everyone, in Chromium',
  { skip: whyNot('chromium'), timeout: 400_000 },
  async (t) => {
    const browser = await openBrowser('chromium');
    t.teardown(() => browser.close());
    await checkViews(t, browser, 'chromium');
  },
);
