import { clone, create } from '@bufbuild/protobuf';
import { DescriptorProtoSchema, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { openGateway } from '../../../gateway/index.js';
import { closeInTeardown } from '../../support/given-back.js';
import { http, httpJson } from '../../support/http.js';
import { openOwnService } from '../../support/own-service.js';
import { openSession } from '../../support/session.js';
import { answerFromFiles, startReflection } from '../schema/load/reflection-server.js';

const SHOP = create(FileDescriptorProtoSchema, {
  name: 'shop.proto',
  package: 'shop',
  syntax: 'proto3',
  dependency: ['acme/private.proto'],
  messageType: [
    { name: 'Ticket', field: [{ name: 'id', number: 1, type: 9 }] },
    { name: 'Order', field: [{ name: 'secret', number: 1, type: 11, typeName: '.acme.Secret' }] },
    { name: 'Basket', field: [{ name: 'orders', number: 1, label: 3, type: 11, typeName: '.shop.Order' }] },
  ],
  service: [
    {
      name: 'Shop',
      method: [
        { name: 'Buy', inputType: '.shop.Basket', outputType: '.shop.Ticket' },
        { name: 'Check', inputType: '.shop.Ticket', outputType: '.shop.Ticket' },
      ],
    },
  ],
});
const REASON =
  'its request shop.Basket needs shop.Order, which cannot be used: the field "secret": no file declares its type ".acme.Secret"; missing: the import "acme/private.proto" of shop.proto; the server says: no such symbol';

async function openShop(t: Test, file = SHOP) {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const { port } = await startReflection(t, { versions: ['v1'], answer: answerFromFiles([file]) });
  const gateway = await openGateway({
    upstream: `127.0.0.1:${port}`,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    log,
  });
  closeInTeardown(t, gateway);
  return { gateway, lines };
}

t.test('a method that cannot be linked is named everywhere, and the others answer', async (t) => {
  const { gateway, lines } = await openShop(t);
  const { json } = await httpJson(`${gateway.url}/_sluice/services`);
  t.match(json, {
    services: [{ name: 'shop.Shop', methods: [{ name: 'Check' }] }],
    problems: [{ name: 'shop.Shop/Buy', reason: REASON, file: 'shop.proto' }],
  });
  t.equal((json as { problems: object[] }).problems.length, 1);
  t.same(await readyz(gateway.adminUrl), [200, { status: 'ready', warnings: [`shop.Shop/Buy: ${REASON}`] }]);
  t.match(
    lines.find(({ msg }) => msg === 'schema problem'),
    { problem: `shop.Shop/Buy: ${REASON}`, file: 'shop.proto' },
  );
  t.match((await http(`${gateway.adminUrl}/metrics`)).text, /^sluice_schema_problems 1$/m);
  const left = await httpJson(`${gateway.url}/shop.Shop/Buy`, { method: 'POST', body: '{}' });
  t.match(left, {
    status: 501,
    json: { error: { status: 'UNIMPLEMENTED', message: /shop\.Shop\/Buy: its request/ } },
  });
  const headers = { 'content-type': 'application/json' };
  const check = await httpJson(`${gateway.url}/shop.Shop/Check`, { method: 'POST', headers, body: '{}' });
  t.match(
    check,
    { status: 501, json: { error: { message: /does not implement the method .*Check/ } } },
    'the service itself says it',
  );
});

t.test('a session says why a method is left out', async (t) => {
  const { gateway } = await openShop(t);
  const session = await openSession(gateway.url.replace('http', 'ws'));
  await session.send({ open: { id: 1, method: 'shop.Shop/Buy' } });
  const frame = await session.next();
  t.match(frame, { end: { id: 1, status: { code: 12, message: /shop\.Shop\/Buy: its request/ } } });
});

t.test('the path of a method that is left out is that of nobody else', async (t) => {
  const own = await openOwnService(
    t,
    `message Q { string path = 1; } service S {
       rpc Bad(Q) returns (Gone);
       rpc All(Q) returns (Q) { option (google.api.http) = { post: "/{path=**}" body: "*" additional_bindings { get: "/{path=**}" } }; }
     }`,
    (encode) => ({ All: [{ in: 'end' }, { out: encode('Q', {}) }] }),
  );
  const headers = { 'content-type': 'application/json' };
  const post = (path: string) => http(`${own.url}${path}`, { method: 'POST', headers, body: '{}' });
  t.match(await post('/t.S/Bad'), {
    status: 501,
    headers: { 'sluice-reason': 'METHOD_LEFT_OUT' },
    text: /t\.S\/Bad: .*Gone/,
  });
  t.match(await http(`${own.url}/t.S/Bad`), { status: 501, text: /t\.S\/Bad: .*Gone/ });
  t.equal((await post('/t.S/Good')).status, 200);
  t.equal(own.upstream.calls('/t.S/All').length, 1);
});

t.test('a method of a service that is listed and not described says so', async (t) => {
  const good = answerFromFiles([SHOP]);
  const { port } = await startReflection(t, {
    versions: ['v1'],
    answer: (request) =>
      request.listServices === undefined
        ? good(request)
        : { listServicesResponse: { service: [{ name: 'shop.Shop' }, { name: 'ghost.Ghost' }] } },
  });
  const gateway = await openGateway({
    upstream: `127.0.0.1:${port}`,
    listen: '127.0.0.1:0',
    log: pino({ level: 'silent' }),
  });
  closeInTeardown(t, gateway);
  const wanted = /ghost\.Ghost: the server does not describe it/;
  for (const method of ['POST', 'GET']) {
    t.match(await http(`${gateway.url}/ghost.Ghost/Do`, { method }), { status: 501, text: wanted }, method);
  }
  t.equal((await http(`${gateway.url}/ghost.Other/Do`)).status, 404);
  const session = await openSession(gateway.url.replace('http', 'ws'));
  await session.send({ open: { id: 1, method: 'ghost.Ghost/Do' } });
  t.match(await session.next(), { end: { id: 1, status: { code: 12, message: wanted } } });
});

t.test('where nothing is left, the 503 says what is broken and where', async (t) => {
  const broken = clone(FileDescriptorProtoSchema, SHOP);
  for (const service of broken.service) service.method.splice(1);
  const { gateway } = await openShop(t, broken);
  const wanted = `the schema of the service is not loaded yet: the schema has no method that could be called: shop.Shop/Buy: ${REASON} (shop.proto)`;
  for (const path of ['/shop.Shop/Buy', '/_sluice/services']) {
    t.match(
      await httpJson(`${gateway.url}${path}`),
      { status: 503, json: { error: { message: wanted } } },
      path,
    );
  }
  t.same(await readyz(gateway.adminUrl), [503, { status: 'not ready', problem: wanted }]);
});

t.test('a service that is away is no news for clients but that it is away', async (t) => {
  const gateway = await openGateway({
    upstream: '127.0.0.1:1',
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    log: pino({ level: 'silent' }),
  });
  closeInTeardown(t, gateway);
  const { status, json } = await httpJson(`${gateway.url}/_sluice/services`);
  t.equal(status, 503);
  t.match(json, { error: { message: /server reflection: no connection to the upstream$/ } });
});

async function readyz(adminUrl: string): Promise<[status: number, json: unknown]> {
  const { status, json } = await httpJson(`${adminUrl}/readyz`);
  return [status, json];
}

t.test('an answer of reflection may be larger than any message', async (t) => {
  const file = clone(FileDescriptorProtoSchema, SHOP);
  for (let index = 0; index < 3_000; index += 1) {
    const field = [{ name: 'x'.repeat(20), number: 1, type: 9 }];
    file.messageType.push(create(DescriptorProtoSchema, { name: `Filler${index}`, field }));
  }
  const { port } = await startReflection(t, { versions: ['v1'], answer: answerFromFiles([file]) });
  const gateway = await openGateway({
    upstream: `127.0.0.1:${port}`,
    listen: '127.0.0.1:0',
    limits: { maxMessageBytes: 65_536 },
    log: pino({ level: 'silent' }),
  });
  closeInTeardown(t, gateway);
  const { json } = await httpJson(`${gateway.url}/_sluice/services`);
  t.match(json, { services: [{ name: 'shop.Shop', methods: [{ name: 'Check' }] }] });
  t.equal((json as { problems: object[] }).problems.length, 1, 'which is not the size');
});
