import t from 'tap';
import { checkGrpcWeb } from './grpc-web.js';
import { openBrowser, whyNot } from './open-browser.js';

t.test("Google's client of gRPC-Web in Firefox", { skip: whyNot('firefox'), timeout: 400_000 }, async (t) => {
  const browser = await openBrowser('firefox');
  t.teardown(() => browser.close());
  await checkGrpcWeb(t, browser);
});
