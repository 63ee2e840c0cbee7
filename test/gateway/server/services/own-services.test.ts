import {
  create,
  createFileRegistry,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { pino } from 'pino';
import t from 'tap';
import { openGateway } from '../../../../gateway/index.js';
import { baseServices } from '../../../../gateway/schema/index.js';
import { foreignSchema, openForeign } from '../../../support/foreign.js';
import { closeInTeardown } from '../../../support/given-back.js';
import { frame, webAnswer } from '../../../support/grpc-frames.js';
import { head, http, send, until } from '../../../support/http.js';

/** Extensions of options of methods that the gateway knows, by their numbers. */
const ours = ['stream', 'file', 'recording', 'access', 'example'].map((name) => `sluice.v1.${name}`);
const extensions = [...ours, 'google.api.http'];

/** ServerReflectionResponse as JSON, as far as it is looked at. */
interface Answer {
  readonly originalRequest: unknown;
  readonly listServicesResponse?: { readonly service: readonly { readonly name: string }[] };
  readonly fileDescriptorResponse?: { readonly fileDescriptorProto: readonly string[] };
}

const HEADERS = { 'content-type': 'application/grpc-web' };
const { registry } = baseServices(['grpc.health.v1.Health']);
const numberOf = (name: string) => registry.getExtension(name)?.number ?? 0;
const type = (name: string) => registry.getMessage(name) as DescMessage;

/** Calls a service of the gateway with requests in JSON; what it answers, in JSON, and its status. */
async function call(
  url: string,
  path: string,
  types: readonly [string, string],
  requests: readonly JsonValue[],
) {
  const [input, output] = [type(types[0]), type(types[1])];
  const body = Buffer.concat(requests.map((request) => frame(toBinary(input, fromJson(input, request)))));
  const answer = await http(url + path, { method: 'POST', body, headers: HEADERS });
  const { messages, trailers } = webAnswer(answer.bytes);
  return {
    answers: messages.map((message) => toJson(output, fromBinary(output, message), { registry })),
    code: trailers === undefined ? answer.headers['grpc-status'] : new Map(trailers).get('grpc-status'),
  };
}

const HEALTH = 'grpc.health.v1';
const CHECK = [`${HEALTH}.HealthCheckRequest`, `${HEALTH}.HealthCheckResponse`] as const;

t.test('health: the gateway, and each service that it exposes', async (t) => {
  const { url } = await openForeign(t, {});
  const check = (service: string) => call(url, `/${HEALTH}.Health/Check`, CHECK, [{ service }]);
  for (const name of [
    '',
    'foreign.v1.Foreign',
    'grpc.health.v1.Health',
    'grpc.reflection.v1.ServerReflection',
  ]) {
    t.same(await check(name), { answers: [{ status: 'SERVING' }], code: '0' }, name);
  }
  t.same(await check('nobody.Knows'), { answers: [], code: '5' });
  const list = await call(
    url,
    `/${HEALTH}.Health/List`,
    [`${HEALTH}.HealthListRequest`, `${HEALTH}.HealthListResponse`],
    [{}],
  );
  t.match(list, {
    answers: [{ statuses: { '': { status: 'SERVING' }, 'foreign.v1.Foreign': { status: 'SERVING' } } }],
    code: '0',
  });
});

t.test('health: not serving while the schema is not known', async (t) => {
  const gateway = await openGateway({
    upstream: '127.0.0.1:1',
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    log: pino({ level: 'silent' }),
  });
  closeInTeardown(t, gateway);
  t.same(await call(gateway.url, `/${HEALTH}.Health/Check`, CHECK, [{}]), {
    answers: [{ status: 'NOT_SERVING' }],
    code: '0',
  });
});

t.test('health: a watch tells of each change, and ends with the gateway', async (t) => {
  const { url, gateway, upstream } = await openForeign(t, {}, { graceMs: 200 });
  const sent = send(`${url}/${HEALTH}.Health/Watch`, { method: 'POST', headers: HEADERS });
  sent.end(frame(Buffer.alloc(0)));
  const response = await head(sent);
  let body = Buffer.alloc(0);
  response.on('data', (chunk: Buffer) => {
    body = Buffer.concat([body, chunk]);
  });
  const states = () => webAnswer(body).messages.map((message) => message[1]);
  await until(t, 'the first state', () => states().length === 1);
  upstream.close();
  await until(t, 'the service to be missed', () => states().length === 2);
  t.same(states(), [1, 2]);
  await gateway.close();
  await until(t, 'the end', () => response.closed);
  t.equal(new Map(webAnswer(body).trailers).get('grpc-status'), '14');
});

t.test('health: a watch that its client leaves is over', async (t) => {
  const { url, gateway } = await openForeign(t, {});
  const sent = send(`${url}/${HEALTH}.Health/Watch`, { method: 'POST', headers: HEADERS });
  sent.end(frame(Buffer.from([10, 1, 120])));
  const response = await head(sent);
  response.on('error', () => {});
  t.equal(gateway.openExchanges, 1);
  response.destroy();
  await until(t, 'the end of the call', () => gateway.openExchanges === 0);
});

for (const version of ['v1', 'v1alpha']) {
  const name = `grpc.reflection.${version}`;
  const ask = async (url: string, questions: readonly JsonValue[]) => {
    const types = [`${name}.ServerReflectionRequest`, `${name}.ServerReflectionResponse`] as const;
    const { answers, code } = await call(
      url,
      `/${name}.ServerReflection/ServerReflectionInfo`,
      types,
      questions,
    );
    t.equal(code, '0');
    return answers as unknown as Answer[];
  };

  t.test(`reflection ${version}: services, files by name, symbol and extension`, async (t) => {
    const { url } = await openForeign(t, {});
    const questions = [
      { listServices: '' },
      { fileByFilename: 'foreign.proto' },
      { fileContainingSymbol: 'foreign.v1.Foreign.Ask' },
      { fileContainingSymbol: '.foreign.v1.Item.text' },
      { fileContainingSymbol: 'grpc.health.v1.Health' },
      {
        fileContainingExtension: {
          containingType: 'google.protobuf.MethodOptions',
          extensionNumber: 72295728,
        },
      },
      { allExtensionNumbersOfType: 'google.protobuf.MethodOptions' },
      { fileContainingSymbol: 'foreign.v1.Nothing' },
      { fileByFilename: 'nothing.proto' },
      { fileContainingExtension: { containingType: 'foreign.v1.Item', extensionNumber: 1 } },
      { allExtensionNumbersOfType: 'foreign.v1.Nothing' },
      {},
    ];
    const answers = await ask(url, questions);
    t.same(
      answers.map(({ originalRequest }) => originalRequest),
      questions,
      'each answer has its question',
    );
    t.same(
      answers[0]?.listServicesResponse?.service.map(({ name }) => name),
      [
        'foreign.v1.Foreign',
        'grpc.health.v1.Health',
        'grpc.reflection.v1.ServerReflection',
        'grpc.reflection.v1alpha.ServerReflection',
      ],
    );
    const filesOf = (at: number) =>
      (answers[at]?.fileDescriptorResponse?.fileDescriptorProto ?? []).map((bytes) =>
        fromBinary(FileDescriptorProtoSchema, Buffer.from(bytes, 'base64')),
      );
    const asked = (await foreignSchema()).services[0];
    for (const at of [1, 2, 3]) {
      // Files come before what they import; to link them it is the other way round.
      const file = filesOf(at).reverse();
      const linked = createFileRegistry(create(FileDescriptorSetSchema, { file }));
      t.ok(linked.getMessage('foreign.v1.Item'));
      if (at !== 2) continue;
      const methods = linked.getService('foreign.v1.Foreign')?.methods;
      t.same(
        methods?.map(({ name }) => name),
        asked?.methods.map(({ name }) => name),
      );
    }
    t.equal(filesOf(4)[0]?.name, 'grpc/health/v1/health.proto');
    t.match(filesOf(5)[0]?.name, /^google\/api\/annotations\.proto/);
    t.match(answers[6], {
      allExtensionNumbersResponse: { extensionNumber: extensions.map(numberOf) },
    });
    for (const at of [7, 8, 9, 10]) t.match(answers[at], { errorResponse: { errorCode: 5 } });
    t.match(answers[11], { errorResponse: { errorCode: 3 } });
  });
}

t.test('reflection can be switched off, and health stays', async (t) => {
  const { url } = await openForeign(t, {}, { reflection: false });
  const answer = await http(`${url}/grpc.reflection.v1.ServerReflection/ServerReflectionInfo`, {
    method: 'POST',
    body: Buffer.alloc(0),
    headers: HEADERS,
  });
  t.equal(answer.headers['grpc-status'], '12');
  t.match(await call(url, `/${HEALTH}.Health/Check`, CHECK, [{}]), { code: '0' });
});

t.test('our own forms do not reach these services', async (t) => {
  const { url } = await openForeign(t, {});
  const answer = await http(`${url}/${HEALTH}.Health/Check`, {
    body: '{}',
    headers: { 'content-type': 'application/json' },
  });
  t.equal(answer.status, 404);
});
