import { clone, create, type JsonObject } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { type GatewayOptions, openGateway } from '../../../gateway/index.js';
import { closeInTeardown } from '../../support/given-back.js';
import { http, httpJson, until } from '../../support/http.js';
import { answerFromFiles, startReflection } from '../schema/load/reflection-server.js';

const FIRST = create(FileDescriptorProtoSchema, {
  name: 'shop.proto',
  package: 'shop',
  syntax: 'proto3',
  messageType: [{ name: 'Ticket', field: [{ name: 'id', number: 1, label: 1, type: 9, jsonName: 'id' }] }],
  service: [
    {
      name: 'Shop',
      method: [
        { name: 'Buy', inputType: '.shop.Ticket', outputType: '.shop.Ticket' },
        { name: 'Check', inputType: '.shop.Ticket', outputType: '.shop.Ticket' },
      ],
    },
  ],
});

const changed = (change: (file: FileDescriptorProto) => void): FileDescriptorProto => {
  const file = clone(FileDescriptorProtoSchema, FIRST);
  change(file);
  return file;
};
const WITH_MORE = changed((file) => {
  const [service] = file.service;
  const [buy] = service?.method ?? [];
  if (buy !== undefined) service?.method.push({ ...buy, name: 'Return' });
});
const WITHOUT_CHECK = changed((file) => file.service[0]?.method.pop());

/** A gateway whose service describes itself as `describe` says, and may be told otherwise. */
async function openChanging(t: Test, options: Partial<GatewayOptions> = {}) {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const service = { describe: answerFromFiles([FIRST]) as (asked: JsonObject) => JsonObject, asked: 0 };
  const { port } = await startReflection(t, {
    versions: ['v1'],
    answer(request) {
      if (request.listServices !== undefined) service.asked += 1;
      return service.describe(request);
    },
  });
  const gateway = await openGateway({
    upstream: `127.0.0.1:${port}`,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    schemaRefreshMs: 20,
    log,
    ...options,
  });
  closeInTeardown(t, gateway);
  const named = (message: string) => lines.filter(({ msg }) => msg === message);
  return {
    gateway,
    lines,
    named,
    describe(files: FileDescriptorProto[]) {
      service.describe = answerFromFiles(files);
    },
    service,
    /** The service has been asked again, twice at least: what it said before has been looked at. */
    async looked() {
      const before = service.asked;
      await until(t, 'the service is asked again', () => service.asked >= before + 2);
    },
    async methods() {
      const { json } = await httpJson(`${gateway.url}/_sluice/services`);
      const { services } = json as { services: { methods: { name: string }[] }[] };
      return services.flatMap(({ methods }) => methods.map(({ name }) => name));
    },
    async breaking() {
      const { text } = await http(`${gateway.adminUrl}/metrics`);
      const samples = text.matchAll(/^sluice_schema_breaking_changes_total\{result="(\w+)"\} (\d+)$/gm);
      return Object.fromEntries([...samples].map(([, result, value]) => [result, Number(value)]));
    },
  };
}

t.test('a schema that has changed is used, and one that has not is not looked at', async (t) => {
  const { gateway, describe, looked, methods, named, breaking } = await openChanging(t);
  await looked();
  t.equal(named('schema changed').length, 0, 'the same');
  describe([WITH_MORE]);
  await until(t, 'the log says so', () => named('schema changed').length > 0);
  t.match(named('schema changed'), [{ level: 30, methods: 3 }]);
  t.same(await methods(), ['Buy', 'Check', 'Return']);
  t.equal((await http(`${gateway.url}/shop.Shop/Return`, { method: 'POST' })).status, 501, 'it is called');
  t.same(await breaking(), { used: 0, refused: 0 }, 'what is new breaks no client');
  await looked();
  t.equal(named('schema changed').length, 1, 'told once');
});

t.test('what breaks clients is named and counted', async (t) => {
  const { describe, methods, named, breaking } = await openChanging(t);
  describe([WITHOUT_CHECK]);
  await until(t, 'the log says so', () => named('schema changed').length > 0);
  t.match(named('schema changed: it breaks clients'), [
    { level: 40, breaking: 1, changes: ['shop.Shop/Check: the method is gone'] },
  ]);
  t.same(await methods(), ['Buy']);
  t.same(await breaking(), { used: 1, refused: 0 });
});

t.test('with the guard what breaks clients is refused, once told, and what does not is used', async (t) => {
  const { gateway, describe, looked, methods, named, breaking } = await openChanging(t, {
    schemaGuard: true,
  });
  describe([WITHOUT_CHECK]);
  await until(t, 'refused', () => named('schema refused: it breaks clients').length > 0);
  await looked();
  await looked();
  t.match(named('schema refused: it breaks clients'), [{ level: 40, breaking: 1 }]);
  t.same(await breaking(), { used: 0, refused: 1 });
  t.same(await methods(), ['Buy', 'Check']);
  await t.rejects(gateway.reload({}), { message: /--schema-guard.*shop\.Shop\/Check: the method is gone/ });
  t.same(await methods(), ['Buy', 'Check'], 'nor by a reload');
  describe([WITH_MORE]);
  await until(t, 'used', () => named('schema changed').length > 0);
  t.same(await methods(), ['Buy', 'Check', 'Return']);
});

t.test(
  'paths of the configuration file stay when the schema changes, and break clients when the file loses them',
  async (t) => {
    const rule = (path: string) => ({ http: { rules: [{ selector: 'shop.Shop.Check', get: path }] } });
    const { gateway, describe, named, breaking } = await openChanging(t, {
      schemaGuard: true,
      config: rule('/check/{id}'),
    });
    const status = async (path: string) => (await http(`${gateway.url}${path}`)).status;
    t.equal(await status('/check/1'), 501, 'it is called');
    describe([WITH_MORE]);
    await until(t, 'the log says so', () => named('schema changed').length > 0);
    t.same(await breaking(), { used: 0, refused: 0 });
    t.equal(await status('/check/1'), 501);
    await t.rejects(gateway.reload({ config: rule('/other/{id}') }), {
      message: /--schema-guard.*shop\.Shop\/Check: the http rule "GET \/check\/\{id\}" is gone/,
    });
    t.equal(await status('/check/1'), 501, 'as it was');
    t.equal(await status('/other/1'), 404);
    const more = { selector: 'shop.Shop.Buy', post: '/nope/{nope}' };
    const both = [...rule('/check/{id}').http.rules, more, { selector: 'shop.Shop.Bye', get: '/x' }];
    await gateway.reload({ config: { http: { rules: both } } });
    t.match(
      named('schema problem').map(({ problem }) => problem),
      [
        /shop\.Shop\/Buy: http\.rules\.1: .*no field "nope"/,
        /shop\.Shop\.Bye: http\.rules\.2: .*did you mean shop\.Shop\.Buy/,
      ],
    );
    t.equal(await status('/check/1'), 501);
  },
);

t.test('a service that does not answer, or not whole, keeps its schema', async (t) => {
  const { service, looked, methods, named, describe } = await openChanging(t);
  const good = service.describe;
  const sick: [name: string, describe: (asked: JsonObject) => JsonObject][] = [
    ['it lists nothing', () => ({ errorResponse: { errorCode: 14, errorMessage: 'not now' } })],
    [
      'it lists and does not describe',
      (asked) =>
        asked.listServices === undefined
          ? { errorResponse: { errorCode: 5, errorMessage: 'not now' } }
          : good(asked),
    ],
  ];
  const problem = 'schema not refreshed, the old one stays';
  for (const [index, [name, answer]] of sick.entries()) {
    service.describe = answer;
    await until(t, name, () => named(problem).length === index + 1);
    await looked();
    t.equal(named(problem).length, index + 1, `${name}: told once`);
    t.match(named(problem)[index], { level: 40, problem: /not now/ }, name);
    t.same(await methods(), ['Buy', 'Check'], name);
    service.describe = good;
    await looked();
  }
  describe([WITH_MORE]);
  await until(t, 'it is asked all the same', () => named('schema changed').length > 0);
});

t.test('0 asks never again, and what is asked ends with the gateway', async (t) => {
  const { gateway, service } = await openChanging(t, { schemaRefreshMs: 0 });
  const other = await openChanging(t);
  await other.looked();
  await other.gateway.close();
  t.equal(service.asked, 1);
  await gateway.close();
  const { asked } = other.service;
  const third = await openChanging(t);
  await third.looked();
  t.equal(other.service.asked, asked, 'the closed one asks no more');
});
