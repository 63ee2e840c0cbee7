import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import t from 'tap';
import { schemaFromDescriptorSet } from '../../../gateway/schema/index.js';
import { parseConfig } from '../../../gateway/server/config/index.js';
import { foreignSchema, method, openForeign } from '../../support/foreign.js';
import { http } from '../../support/http.js';
import { openOwnService } from '../../support/own-service.js';

const SERVICE = `
  message Q { string name = 1; }
  // Says things.
  service S {
    // Says it.
    rpc Say(Q) returns (Q) { option (google.api.http) = { get: "/v1/say/{name}" }; }
    rpc Listen(Q) returns (stream Q);
  }`;

const PATHS = [
  'openapi.json',
  'openapi.json?version=3.2',
  'asyncapi.json',
  'types.d.ts',
  'descriptors.binpb',
];

t.test('each document has an ETag, and is not sent again to whoever has it', async (t) => {
  const { url } = await openOwnService(t, SERVICE, () => ({}), { allowOrigins: ['https://app.example.com'] });
  for (const path of PATHS) {
    const address = `${url}/_sluice/${path}`;
    const whole = await http(address, { headers: { origin: 'https://app.example.com' } });
    t.equal(whole.status, 200, path);
    t.equal(whole.headers['access-control-allow-origin'], 'https://app.example.com');
    t.equal(whole.headers['cache-control'], 'no-cache');
    const etag = whole.headers.etag ?? '';
    t.match(etag, /^"[\w-]{43}"$/);
    t.equal((await http(address)).headers.etag, etag);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await http(address, { headers: { 'if-none-match': known } });
      t.equal(again.status, 304, known);
      t.equal(again.headers.etag, etag);
      t.equal(again.bytes.length, 0);
    }
    t.equal((await http(address, { headers: { 'if-none-match': '"other"' } })).status, 200);
    const head = await http(address, { method: 'HEAD' });
    t.equal(head.headers['content-length'], String(whole.bytes.length));
    const refused = await http(address, { method: 'POST', body: '{}' });
    t.equal(refused.status, 405);
    t.equal(refused.headers.allow, 'GET, HEAD');
  }
});

t.test('a version that does not exist is refused', async (t) => {
  const { url } = await openOwnService(t, SERVICE, () => ({}));
  for (const version of ['3.0', '', '3.1&version=3.2']) {
    const answer = await http(`${url}/_sluice/openapi.json?version=${version}`);
    t.equal(answer.status, 400);
    t.match(answer.text, /INVALID_PARAMETER/);
  }
});

t.test('the document has the base path', async (t) => {
  const { url } = await openOwnService(t, SERVICE, () => ({}), { basePath: '/api' });
  t.same(JSON.parse((await http(`${url}/_sluice/openapi.json`)).text).servers, [{ url: '/api' }]);
});

t.test('the descriptor set makes the same schema', async (t) => {
  const { url, schema } = await openOwnService(t, SERVICE, () => ({}));
  const { bytes } = await http(`${url}/_sluice/descriptors.binpb`);
  const again = schemaFromDescriptorSet(bytes);
  t.same([...again.methods.keys()], [...schema.methods.keys()]);
  t.same(again.problems, []);
  t.equal(again.methods.get('/t.S/Say')?.bindings[0]?.template, '/v1/say/{name}');
  const comments = fromBinary(FileDescriptorSetSchema, bytes).file.flatMap(
    ({ sourceCodeInfo }) => sourceCodeInfo?.location.map(({ leadingComments }) => leadingComments) ?? [],
  );
  t.ok(comments.some((comment) => comment.includes('Says it.')));
});

t.test('documents say how clients show who they are, as the configuration is now', async (t) => {
  const schema = await foreignSchema();
  const configOf = (more: string) =>
    parseConfig(
      `auth:
  issuers: [{ issuer: "https://id.example", audience: [sluice], keys: { jwksUrl: "http://127.0.0.1:1/jwks" } }]
  documents: public
${more}`,
      'test.yaml',
    );
  const { url, gateway } = await openForeign(t, {}, { config: await configOf('') });
  const get = async () => {
    const { headers, text } = await http(`${url}/_sluice/openapi.json`);
    const document = JSON.parse(text);
    const { security } = document.paths[method('Up')].post;
    return { etag: headers.etag, security, schemes: Object.keys(document.components.securitySchemes) };
  };
  const before = await get();
  t.match(before, { security: [{ bearer: [] }], schemes: ['bearer', 'ticket'] });
  const methods = 'methods: { foreign.v1.Foreign/Up: { access: { scopes: [files] } } }\n';
  await gateway.reload({ config: await configOf(`  cookie: { name: token }\n${methods}`), schema });
  const after = await get();
  t.match(after, {
    security: [{ bearer: ['files'] }, { cookie: ['files'] }],
    schemes: ['bearer', 'ticket', 'cookie'],
  });
  t.not(after.etag, before.etag);
  // The schema is the same, and the configuration of identity is not.
  await gateway.reload({ config: await configOf(methods), schema });
  t.match((await get()).schemes, ['bearer', 'ticket']);
});
