import t from 'tap';
import { checkFiles } from './files.js';
import { openBrowser, whyNot } from './open-browser.js';

t.test('files in the page, in Chromium', { skip: whyNot('chromium'), timeout: 400_000 }, async (t) => {
  const downloads = t.testdir({});
  const browser = await openBrowser('chromium', { downloads });
  t.teardown(() => browser.close());
  await checkFiles(t, browser, downloads);
});
