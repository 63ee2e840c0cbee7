import t from 'tap';
import { checkGrpcWeb } from './grpc-web.js';
import { openBrowser, whyNot } from './open-browser.js';

t.test(
  "Google's client of gRPC-Web in Chromium",
  { skip: whyNot('chromium'), timeout: 400_000 },
  async (t) => {
    const browser = await openBrowser('chromium');
    t.teardown(() => browser.close());
    await checkGrpcWeb(t, browser);
  },
);
