import t from 'tap';
import { checkFiles } from './files.js';
import { openBrowser, whyNot } from './open-browser.js';

t.test('files in the page, in Firefox', { skip: whyNot('firefox'), timeout: 400_000 }, async (t) => {
  const downloads = t.testdir({});
  const browser = await openBrowser('firefox', { downloads });
  t.teardown(() => browser.close());
  await checkFiles(t, browser, downloads);
});
