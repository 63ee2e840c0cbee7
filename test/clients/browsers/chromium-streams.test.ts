import t from 'tap';
import { openBrowser, whyNot } from './open-browser.js';
import { checkStreams } from './streams.js';

t.test('streams in the page in Chromium', { skip: whyNot('chromium'), timeout: 400_000 }, async (t) => {
  const browser = await openBrowser('chromium');
  t.teardown(() => browser.close());
  await checkStreams(t, browser, 'chromium');
});
