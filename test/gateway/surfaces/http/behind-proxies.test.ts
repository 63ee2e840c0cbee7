import t from 'tap';
import { bytes, method, openForeign } from '../../../support/foreign.js';
import { http, open, settled } from '../../../support/http.js';
import { quiet } from '../../../support/quiet.js';
import { endOf, openOf, openSession, PROTOCOLS } from '../../../support/session.js';
import { connect } from '../../../support/websocket.js';

const STREAMS = {
  sse: { accept: 'text/event-stream', path: method('Numbered') },
  ndjson: { accept: 'application/x-ndjson', path: method('Numbered') },
  array: { accept: 'application/json', path: method('Numbered') },
  'ndjson without cursors': { accept: 'application/x-ndjson', path: method('Down') },
  'sse without cursors': { accept: 'text/event-stream', path: method('Down') },
  download: { accept: '*/*', path: '/foreign/files/a' },
} as const;

async function scripts() {
  const down = [{ in: 'end' as const }, { out: await bytes({ text: '1' }) }];
  return { Numbered: down, Down: down, Fetch: [{ in: 'end' as const }, { out: await bytes({}, 'Piece') }] };
}

t.test('every streamed answer asks to be passed on as it comes', async (t) => {
  const { url } = await openForeign(t, await scripts());
  for (const [name, { accept, path }] of Object.entries(STREAMS)) {
    t.equal((await http(url + path, { headers: { accept } })).headers.incremental, '?1', name);
  }
});

t.test('whoever has seen the end of a stream does not get it again, on any surface', async (t) => {
  const { url, wsUrl, upstream } = await openForeign(t, await scripts());
  for (const id of ['~end', '~end:7', '~endless']) {
    for (const [name, { accept, path }] of Object.entries(STREAMS)) {
      const header = await http(url + path, { headers: { accept, 'last-event-id': id } });
      t.same([header.status, header.text], [204, ''], `${name}: header ${id}`);
      const query = await http(`${url}${path}?lastEventId=${id}`, { headers: { accept } });
      t.equal(query.status, 204, `${name}: query ${id}`);
    }
    for (const path of [method('Numbered'), method('Down')]) {
      const socket = await connect(`${wsUrl}${path}?lastEventId=${id}`);
      socket.socket.send('{}');
      t.equal((await socket.closed).code, 1000, `WebSocket: ${path} ${id}`);
    }
    for (const protocol of PROTOCOLS) {
      const session = await openSession(wsUrl, protocol);
      for (const [at, name] of ['Numbered', 'Down'].entries()) {
        await session.send(openOf(at + 1, name, { cursor: id }));
        t.same(await session.next(), endOf(at + 1), `${protocol}: ${name} ${id}`);
      }
      session.test.socket.terminate();
    }
  }
  for (const name of ['Numbered', 'Down', 'Fetch']) t.equal(upstream.calls(method(name)).length, 0, name);
});

t.test('a quiet stream of JSON has empty lines as heartbeats, which readers pass over', async (t) => {
  const out = await bytes({ number: 1 });
  const pause = { pauseMs: 200 };
  const { url } = await openForeign(
    t,
    { Down: [{ in: 'end' }, pause, { out }, pause, { out }, pause] },
    { limits: { headWaitMs: 10, heartbeatMs: 30 } },
  );
  const ndjson = await http(url + method('Down'), { headers: { accept: 'application/x-ndjson' } });
  t.match(ndjson.text, /^\n+\{"number":1\}\n\n+\{"number":1\}\n\n+$/);
  const array = await http(url + method('Down'), { headers: { accept: 'application/json' } });
  t.match(array.text, /^\[\n+\{"number":1\}\n\n+,\{"number":1\}\n\n+\]\n$/);
  t.same(JSON.parse(array.text), [{ number: 1 }, { number: 1 }]);
});

t.test('no heartbeat is added to what a client has not read', async (t) => {
  const out = await bytes({ text: 'x'.repeat(10_000) });
  const { url, upstream } = await openForeign(
    t,
    { Down: [{ in: 'end' }, { out, times: 2_000 }] },
    { limits: { heartbeatMs: 10 } },
  );
  const { response } = await open(url + method('Down'), { headers: { accept: 'application/x-ndjson' } });
  response.pause();
  const call = await upstream.call(method('Down'));
  let text = '';
  await settled(() => call.accepted);
  // Thirty heartbeats.
  await quiet(300);
  response.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  response.resume();
  await new Promise((resolve) => response.once('end', resolve));
  // A hundred, if they were written meanwhile; the machine may make a few silences of its own.
  t.notMatch(text, /\n{50}/);
});
