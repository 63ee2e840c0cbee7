import t from 'tap';
import { checkHttp2 } from './http2.js';
import { openBrowser, whyNot } from './open-browser.js';

t.test('HTTP/2 over TLS in Chromium', { skip: whyNot('chromium'), timeout: 400_000 }, async (t) => {
  const browser = await openBrowser('chromium', { acceptInsecureCerts: true });
  t.teardown(() => browser.close());
  await checkHttp2(t, browser);
});
