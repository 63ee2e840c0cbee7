import { pino } from 'pino';
import t, { type Test } from 'tap';
import { openGateway } from '../../../gateway/index.js';
import { closeInTeardown } from '../../support/given-back.js';
import { http } from '../../support/http.js';
import { NUMBERED_PROTO, openNumbered } from '../../support/numbered.js';
import { NUMBERED_CLIENTS, type Numbers } from '../../support/numbered-clients.js';
import { connect } from '../../support/websocket.js';
import { schemaFromText } from '../schema/schema-from-text.js';

// A client that says which message it has seen last gets the next one, on every surface.

async function serve(t: Test) {
  const service = await openNumbered(t, () => undefined);
  const gateway = await openGateway({
    upstream: service.target,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    schema: await schemaFromText(t, NUMBERED_PROTO),
    log: pino({ level: 'silent' }),
    graceMs: 1_000,
    allowOrigins: ['https://app.example'],
  });
  closeInTeardown(t, gateway);
  return { service, url: gateway.url, path: `${gateway.url}/t.S/Numbers` };
}

const HEADER = 'sluice-last-event-id';
const FORMS = ['text/event-stream', 'application/x-ndjson', 'application/json', 'application/json-seq'];

t.test('the next message comes, and the answer says after what it continues', async (t) => {
  const { url, service } = await serve(t);
  for (const client of NUMBERED_CLIENTS) {
    const { ids, code, position } = await client.ask(t, url, { count: 4, last: '2' });
    t.same({ ids, code }, { ids: [3, 4], code: 0 }, client.name);
    const isSocket = client.name.startsWith('websocket') || client.name === 'session';
    if (!isSocket) t.equal(position, '2', `${client.name}: before any data`);
    const fresh = await client.ask(t, url, { count: 2 });
    t.match(fresh, { ids: [1, 2], code: 0 });
    t.equal(fresh.position, undefined, 'only the service knows what comes first');
    t.same((await client.ask(t, url, { count: 4, last: '4' })).ids, [], 'nothing is left');
  }
  for (const { headers } of service.calls) if (headers['last-event-id'] !== undefined) t.fail('metadata');
});

t.test('who has seen the end is told so without a call', async (t) => {
  const { url, path, service } = await serve(t);
  for (const last of ['~end', '~end:4', '~end:~abcdefgh.4']) {
    for (const client of NUMBERED_CLIENTS) {
      const told: Numbers = await client.ask(t, url, { count: 4, last });
      t.same(told.ids, [], client.name);
      if (told.status === undefined) t.equal(told.code, 0, client.name);
      else t.equal(told.status, 204, client.name);
    }
  }
  const seen = { 'last-event-id': '~end' };
  for (const accept of FORMS) {
    for (const method of ['GET', 'HEAD'])
      t.equal(
        (await http(path, { method, headers: { accept, ...seen } })).status,
        204,
        `${method} ${accept}`,
      );
    const headers = { accept, 'content-type': 'application/json', ...seen };
    t.equal((await http(path, { method: 'POST', headers, body: '{}' })).status, 204);
    t.equal((await http(`${url}/numbers`, { headers: { accept, ...seen } })).status, 204, 'a rule of HTTP');
  }
  t.equal(service.calls.length, 0);
});

t.test('what is no id of the method is refused, and never reaches the service', async (t) => {
  const { url, path, service } = await serve(t);
  for (const last of [
    '~x',
    'abc',
    '1.5',
    '2147483648',
    'x'.repeat(4_097),
    '~abcdefgh.4',
    '~now',
    '~earliest',
    '1'.repeat(4_000),
  ]) {
    for (const client of NUMBERED_CLIENTS) {
      const asked = client.ask(t, url, { count: 4, last });
      if (client.name.startsWith('websocket')) await t.rejects(asked, { message: 'HTTP 400' }, client.name);
      else t.match(await asked, { ids: [], code: 3 }, `${client.name}: ${last.slice(0, 20)}`);
    }
  }
  for (const id of ['%0A', '1%00', '%7F']) t.equal((await http(`${path}?lastEventId=${id}`)).status, 400, id);
  const { status, text, headers } = await http(path, { headers: { 'last-event-id': '\u00e9' } });
  t.equal(status, 400);
  t.equal(headers['sluice-reason'], 'INVALID_CURSOR');
  t.match(text, 'last-event-id: has a character that no id has');
  t.equal(service.calls.length, 0);
});

t.test('the header wins over the query, and the last parameter over those before', async (t) => {
  const { path, service } = await serve(t);
  const after = async (query: string, header?: string) => {
    const headers: Record<string, string> = header === undefined ? {} : { 'last-event-id': header };
    const answer = await http(`${path}?count=1${query}`, { headers });
    return [service.calls.at(-1)?.after, answer.headers[HEADER]];
  };
  t.same(await after('&lastEventId=5'), [5, '5']);
  t.same(await after('&lastEventId=5', '6'), [6, '6']);
  t.same(await after('&lastEventId=5&lastEventId=7'), [7, '7']);
  t.same(await after('&lastEventId='), [0, undefined]);
  t.same(await after('&after=8'), [8, '8'], 'the field of the method itself');
  t.same(await after('&after=8&lastEventId=9'), [9, '9'], 'which an id replaces');
  t.same(await after('&after=8', '0'), [0, '0'], 'also by zero');
});

t.test('HEAD says after what the stream would continue', async (t) => {
  const { path } = await serve(t);
  for (const accept of FORMS) {
    const { status, headers } = await http(path, {
      method: 'HEAD',
      headers: { accept, 'last-event-id': '3' },
    });
    t.same([status, headers[HEADER]], [200, '3'], accept);
  }
});

t.test('pages of other origins may send the id and read where the answer begins', async (t) => {
  const { path } = await serve(t);
  const origin = 'https://app.example';
  const { headers } = await http(`${path}?count=1`, { headers: { origin, 'last-event-id': '3' } });
  t.match(headers['access-control-expose-headers'], HEADER);
  const preflight = await http(path, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'last-event-id',
    },
  });
  t.equal(preflight.status, 204);
  t.match(preflight.headers['access-control-allow-headers'], 'last-event-id');
});

t.test('a plain WebSocket takes the id of its handshake also as a header', async (t) => {
  const { path } = await serve(t);
  const { socket, frames, closed } = await connect(path.replace('http', 'ws'), {
    headers: { 'last-event-id': '3' },
  });
  socket.send('{"count":4,"after":1}');
  t.equal((await closed).code, 1000);
  t.same(frames, ['{"id":4}']);
});
