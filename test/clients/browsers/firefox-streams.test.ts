import t from 'tap';
import { openBrowser, whyNot } from './open-browser.js';
import { checkStreams } from './streams.js';

t.test('streams in the page in Firefox', { skip: whyNot('firefox'), timeout: 400_000 }, async (t) => {
  const browser = await openBrowser('firefox');
  t.teardown(() => browser.close());
  await checkStreams(t, browser, 'firefox');
});
