import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Browser } from 'puppeteer-core';
import type { Test } from 'tap';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { http } from '../../support/http.js';
import { openTab } from './open-browser.js';

const HARMLESS = '/foreign/items/7';

/** All the ways in which a page makes a browser send a request without asking first. The last image is the proof that the others were sent. */
function pageOf(gateway: string): string {
  const unsafe = ['Both', 'Up', 'Store'].map((name) => gateway + method(name));
  const reading = unsafe.flatMap((url) => [
    `<img src="${url}?img">`,
    `<img referrerpolicy="no-referrer" src="${url}?silent">`,
    `<iframe referrerpolicy="no-referrer" src="${url}?frame"></iframe>`,
    `<script src="${url}?script"></script>`,
    `<link rel="stylesheet" href="${url}?style">`,
  ]);
  const forms = unsafe.flatMap((url, n) => [
    `<iframe name="f${n}"></iframe><form method="post" enctype="text/plain" target="f${n}" action="${url}"><input name="{}"></form>`,
  ]);
  return `<!doctype html>${reading.join('')}${forms.join('')}<script>
    const urls = ${JSON.stringify(unsafe)};
    const done = [];
    for (const url of urls) {
      for (const referrerPolicy of ['no-referrer', 'unsafe-url']) {
        done.push(fetch(url, { mode: 'no-cors', referrerPolicy }).catch(() => 0));
        done.push(fetch(url, { mode: 'no-cors', method: 'POST', body: '{}', referrerPolicy }).catch(() => 0));
      }
      navigator.sendBeacon(url, '{}');
    }
    done.push(fetch('${gateway}/foreign/files/evil', { mode: 'no-cors', method: 'POST', body: 'x' }).catch(() => 0));
    for (const form of document.forms) form.submit();
    const sockets = [['${gateway}${method('Both')}'], ['${gateway}/_sluice/session', 'sluice.v1.json']].map(([url, ...protocols]) =>
      new Promise((resolve) => {
        const socket = new WebSocket(url.replace('http', 'ws'), protocols);
        socket.onclose = ({ code, reason }) => resolve(code + ' ' + reason);
      }));
    globalThis.sent = Promise.all([...done, new Promise((resolve) => addEventListener('load', resolve))])
      .then(() => new Promise((resolve) => {
        const image = new Image();
        image.onload = image.onerror = resolve;
        image.src = '${gateway}${HARMLESS}?text=' + Math.random();
      }))
      .then(() => Promise.all(sockets));
  </script>`;
}

/** Pages of another host name and of another port, at addresses where a browser sends `Sec-Fetch-Site` and where it does not. */
export async function checkOtherSites(t: Test, browser: Browser): Promise<void> {
  const address = Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === 'IPv4' && !one.internal)?.address;
  const answer = [{ in: 'end' as const }, { out: await bytes({}) }];
  const cases: [from: string, to: string][] = [
    ['localhost', '127.0.0.1'],
    ['127.0.0.1', '127.0.0.1'],
    ...(address === undefined ? [] : ([[address, address]] as [string, string][])),
  ];
  for (const [from, to] of cases) {
    await t.test(`a page of http://${from} and a gateway at http://${to}, another port`, async (t) => {
      const scripts = { Ask: answer, Both: answer, Up: answer, Store: answer };
      const { gateway, upstream } = await openForeign(t, scripts, { listen: '0.0.0.0:0' });
      const at = `http://${to}:${new URL(gateway.url).port}`;
      const site = createServer((_request, response) => {
        response.writeHead(200, { 'content-type': 'text/html' }).end(pageOf(at));
      });
      await new Promise<void>((resolve) => site.listen(0, '0.0.0.0', resolve));
      t.teardown(() => {
        site.closeAllConnections();
        site.close();
      });
      const page = await openTab(browser);
      t.teardown(() => page.close().catch(() => undefined));
      await page.goto(`http://${from}:${(site.address() as AddressInfo).port}/`, {
        waitUntil: 'domcontentloaded',
      });
      const [plain, session] = (await page.evaluate('globalThis.sent')) as [string, string];
      t.match(plain, /^1006/, 'the socket of a call is refused');
      t.match(session, /^4403 origin http:.* is not allowed: see --allow-origin/, 'a session says why');
      t.ok(upstream.calls(method('Ask')).length > 0, 'what is free of side effects is reached');
      for (const name of ['Both', 'Up', 'Store']) {
        t.equal(upstream.calls(method(name)).length, 0, `${name} is never reached`);
      }
      t.equal((await http(at + method('Up'), { method: 'POST' })).status, 200, 'by others it is');
    });
  }
}
