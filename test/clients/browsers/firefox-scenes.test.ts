import t from 'tap';
import { openBrowser, whyNot } from './open-browser.js';
import { checkScenes } from './scenes.js';

t.test('the scenes in Firefox', { skip: whyNot('firefox'), timeout: 400_000 }, async (t) => {
  const browser = await openBrowser('firefox');
  t.teardown(() => browser.close());
  await checkScenes(t, browser);
});
