import { fileURLToPath } from 'node:url';
import t from 'tap';
import { parseBasePath } from '../../../gateway/index.js';
import { transpile } from '../../clients/transpiled.js';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { http, httpJson, sseEvents } from '../../support/http.js';
import { raw } from '../../support/raw-client.js';
import { connect } from '../../support/websocket.js';

const SCRIPTS = async () => ({
  Ask: [{ in: 'end' as const }, { out: await bytes({ text: 'hi' }) }],
  Down: [{ in: 'end' as const }, { out: await bytes({ text: 'hi' }) }],
  Both: [{ echo: true as const }],
});

t.test('everything is below the base path, and nothing beside it', async (t) => {
  const folder = t.testdir();
  transpile('clients', folder);
  const { gateway, lines } = await openForeign(t, await SCRIPTS(), {
    basePath: '/apps/prices/',
    pageDir: `${folder}/clients`,
  });
  const base = gateway.url;
  const url = new URL(base).origin;
  t.equal(base, `${url}/apps/prices`, 'it says where it really is');
  t.equal(lines.find(({ msg }) => msg === 'gateway listening')?.url, base, 'the log as well');
  const wsUrl = url.replace('http', 'ws');
  for (const path of ['/foreign/items/7', `${method('Ask')}?number=7`]) {
    t.same((await httpJson(base + path)).json, { text: 'hi' }, path);
  }
  const sse = await http(`${base}/foreign/down`, { headers: { accept: 'text/event-stream' } });
  t.same(
    sseEvents(sse.text).map(({ event }) => event),
    ['message', 'end'],
  );
  t.equal((await http(`${base}/_sluice/services`)).status, 200);
  t.match((await http(`${base}/`)).text, '<!doctype html>');
  t.equal((await http(`${base}/_sluice/page/playground/page.js`)).status, 200);
  const socket = await connect(`${wsUrl}/apps/prices${method('Both')}`);
  socket.socket.send('{"text":"a"}');
  t.equal(await socket.next(), '{"text":"a"}');
  socket.socket.terminate();
  const session = await connect(`${wsUrl}/apps/prices/_sluice/session`, {}, ['sluice.v1.json']);
  t.equal(session.socket.protocol, 'sluice.v1.json');
  session.socket.terminate();
  const absolute = await raw(
    t,
    url,
    `GET ${base}/foreign/items/7 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`,
  );
  await absolute.closed;
  t.match(absolute.answer, 'HTTP/1.1 200');

  for (const path of [
    '/',
    '/foreign/items/7',
    '/_sluice/services',
    '/apps',
    '/apps/pricesx/',
    '/apps/prices.',
  ]) {
    t.equal((await http(url + path)).status, 404, path);
  }
  await t.rejects(connect(wsUrl + method('Both')));
  const without = await http(`${base}?a=1`);
  t.equal(without.status, 308);
  t.equal(without.headers.location, '/apps/prices/?a=1');
});

t.test('the page names nothing by an absolute path', async (t) => {
  const { readdirSync, readFileSync } = await import('node:fs');
  for (const room of ['playground', 'scenes']) {
    const folder = fileURLToPath(new URL(`../../../clients/${room}`, import.meta.url));
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    const sources = names.filter((name) => /\.(?:ts|html|css)$/.test(name));
    t.ok(sources.length > 5, room);
    for (const name of sources) {
      const text = readFileSync(`${folder}/${name}`, 'utf8');
      // `fetched` puts the address of the gateway before it.
      t.notMatch(text, /(?<!fetched\()["'(]\/_sluice|fetch\(`\/|location\.origin/, `${room}/${name}`);
    }
  }
});

t.test('a base path that is none is refused, and says how to write it', async (t) => {
  for (const good of ['', '/', '/a', '/a/', '/a-b/c_d/e.f/~g'])
    t.doesNotThrow(() => parseBasePath(good), good);
  for (const bad of [
    'a',
    'a/b',
    '//a',
    '/a//b',
    '/a b',
    '/../a',
    '/.',
    '/a?b',
    '/a#b',
    '/%61',
    'http://x/a',
    '/ä',
  ]) {
    t.throws(() => parseBasePath(bad), /write it like \/api/, bad);
  }
});
