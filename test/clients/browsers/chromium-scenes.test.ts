import t from 'tap';
import { openBrowser, whyNot } from './open-browser.js';
import { checkScenes } from './scenes.js';

t.test('the scenes in Chromium', { skip: whyNot('chromium'), timeout: 400_000 }, async (t) => {
  const browser = await openBrowser('chromium');
  t.teardown(() => browser.close());
  await checkScenes(t, browser);
});
