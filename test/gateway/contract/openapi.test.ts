import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import openapiTS, { astToString } from 'openapi-typescript';
import t from 'tap';
import ts from 'typescript';
import { ContractDocuments, type DocumentSecurity } from '../../../gateway/contract/index.js';
import { AUTHENTICATED, PUBLIC, type Schema } from '../../../gateway/schema/index.js';
import { schemaFromText } from '../schema/schema-from-text.js';
import { foreignSchemas, manyMethods } from './foreign-schemas.js';

const require = createRequire(import.meta.url);

// biome-ignore lint/suspicious/noExplicitAny: documents are looked into from all sides.
type Document = any;

function openApi(
  schema: Schema,
  version: '3.1' | '3.2' = '3.1',
  security: DocumentSecurity | undefined = undefined,
): Document {
  return JSON.parse(new ContractDocuments(schema, '', security).make(`openapi-${version}`).toString());
}

const schemas = await foreignSchemas(t);

/** Of a gateway that knows clients by everything that there is. */
const SECURITY: DocumentSecurity = {
  access: AUTHENTICATED,
  tokens: true,
  cookie: 'token',
  certificates: true,
};

t.test('published validators take the documents of every schema, in both versions', async (t) => {
  const folder = t.testdir();
  const files: string[] = [];
  for (const [name, schema] of schemas) {
    for (const version of ['3.1', '3.2'] as const) {
      for (const [of, security] of [
        ['', undefined],
        ['-secured', SECURITY],
      ] as const) {
        const document = openApi(schema, version, security);
        const result = await new Validator().validate(structuredClone(document));
        t.same(result.errors ?? [], [], `${name}${of} ${version}`);
        const file = join(folder, `${name}${of}-${version}.json`);
        writeFileSync(file, JSON.stringify(document));
        files.push(file);
      }
    }
  }
  t.equal(await lint(files), '');
});

/** The errors of `redocly lint`, as text. */
async function lint(files: readonly string[]): Promise<string> {
  const manifest = require.resolve('@redocly/cli/package.json');
  const command = join(dirname(manifest), JSON.parse(readFileSync(manifest, 'utf8')).bin.redocly);
  const env = {
    ...process.env,
    REDOCLY_TELEMETRY: 'off',
    REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
    NODE_OPTIONS: '',
  };
  const args = [command, 'lint', ...files, '--extends', 'recommended', '--format', 'stylish'];
  return await new Promise<string>((resolve) => {
    execFile(process.execPath, args, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) =>
      resolve(error === null ? '' : `${error.message}\n${stdout}\n${stderr}`),
    );
  });
}

t.test('openapi-typescript makes types that compile', async (t) => {
  const folder = t.testdir();
  const files = new Map<string, string>();
  for (const [name, schema] of schemas) {
    if (name === 'thousand') continue;
    files.set(join(folder, `${name}.ts`), astToString(await openapiTS(openApi(schema))));
  }
  for (const [file, text] of files) writeFileSync(file, text);
  const program = ts.createProgram([...files.keys()], {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    lib: ['lib.es5.d.ts'],
  });
  t.same(
    ts.getPreEmitDiagnostics(program).map(({ messageText }) => messageText),
    [],
  );
});

t.test('a document grows with the schema and not faster', async (t) => {
  const sizes: number[] = [];
  for (const count of [50, 100, 200]) {
    const document = openApi(await schemaFromText(t, manyMethods(count)));
    t.equal(Object.keys(document.paths).length, 2 * count);
    sizes.push(JSON.stringify(document).length);
  }
  const [small = 0, middle = 0, large = 0] = sizes;
  t.ok(large - middle < 2.1 * (middle - small), `${sizes}`);
});

t.test('paths, verbs and wildcards are written as OpenAPI can say them', async (t) => {
  const document = openApi(
    await schemaFromText(
      t,
      `message Q { string name = 1; string id = 2; Q in = 3; } message R { string x = 1; }
       service S {
         rpc A(Q) returns (R) { option (google.api.http) = { get: "/v1/{name=shelves/*/books/**}" }; }
         rpc B(Q) returns (R) { option (google.api.http) = { delete: "/v1/shelves/{id}/books/{name}:drop" }; }
         rpc C(Q) returns (R) { option (google.api.http) = { delete: "/v1/{name=shelves/*/books/*}" additional_bindings { custom { kind: "PURGE" path: "/v1/all/*" } } }; }
         rpc D(Q) returns (R) { option (google.api.http) = { put: "/v1/shelves/{in.name}/books/{id}" body: "in" }; }
         rpc E(Q) returns (R) { option (google.api.http) = { custom { kind: "*" path: "/v1/any" } additional_bindings { get: "/v1/any" } }; }
         rpc F(Q) returns (R) { option (google.api.http) = { get: "/v1/{id}" additional_bindings { get: "/v1/{name=**}" } }; }
       }`,
    ),
  );
  const rules = Object.keys(document.paths).filter((path) => path.startsWith('/v1'));
  t.same(rules, [
    '/v1/shelves/{name}/books/{name-2}',
    '/v1/shelves/{id}/books/{name}:drop',
    '/v1/all/{segment}',
    '/v1/any',
    '/v1/{id}',
  ]);
  const shared = document.paths['/v1/shelves/{name}/books/{name-2}'];
  t.same(Object.keys(shared), ['get', 'delete', 'put'], 'one path has the rules of three methods');
  const described = (operation: Document) =>
    operation.parameters
      .filter((one: Document) => one.in === 'path')
      .map((one: Document) => [one.name, one.description]);
  t.match(described(shared.get)[1], ['name-2', /name=shelves\/\*\/books\/\*\*.*\n\nMay have slashes/]);
  t.same(Object.keys(document.paths['/v1/all/{segment}']['x-sluice-additional-operations']), ['PURGE']);
  const any = document.paths['/v1/any'];
  t.equal(any.get.operationId, 't.S.E-2', 'the rule for GET goes before the one for every method');
  t.same(Object.keys(any), ['get', 'post', 'put', 'patch', 'delete']);
  t.same(document['x-sluice-not-listed'], [{ method: 't.S/F', rule: 'GET /v1/{name=**}' }]);
  const ids = JSON.stringify(document).match(/"operationId":"[^"]*"/g) ?? [];
  t.equal(new Set(ids).size, ids.length);
});

t.test('field behaviour is required, readOnly and writeOnly', async (t) => {
  const document = openApi(
    await schemaFromText(
      t,
      `import "google/api/field_behavior.proto";
       // A book.
       message Book {
         string name = 1 [(google.api.field_behavior) = REQUIRED];
         // When it came.
         string made = 2 [(google.api.field_behavior) = OUTPUT_ONLY];
         string secret = 3 [(google.api.field_behavior) = INPUT_ONLY, deprecated = true];
       }
       message Create { Book book = 1 [(google.api.field_behavior) = REQUIRED]; string shelf = 2 [(google.api.field_behavior) = REQUIRED]; }
       service S {
         option deprecated = true;
         rpc Make(Create) returns (Book) { option (google.api.http) = { post: "/v1/{shelf}" body: "*" }; }
         rpc Put(Create) returns (Book) { option (google.api.http) = { put: "/v1/{book.name}" body: "book" }; }
         rpc Patch(Create) returns (Book) { option (google.api.http) = { patch: "/v1/{book.name}" body: "book" }; }
       }`,
    ),
  );
  const { schemas } = document.components;
  t.same(schemas['t.Book'].required, ['name']);
  t.equal(schemas['t.Book'].description, 'A book.');
  t.match(schemas['t.Book'].properties, {
    made: { readOnly: true, description: 'When it came.' },
    secret: { writeOnly: true, deprecated: true },
  });
  t.notOk('required' in schemas['t.Book-response'], 'ProtoJSON leaves out what is empty');
  const { post, put, patch } = { ...document.paths['/v1/{shelf}'], ...document.paths['/v1/{book.name}'] };
  t.ok(post.deprecated);
  const body = (operation: Document) => operation.requestBody.content['application/json'].schema;
  t.same(body(post).required, ['book'], 'the path has the other one');
  t.notOk('required' in body(put));
  t.same(put.parameters.find((one: Document) => one.name === 'shelf').required, true);
  t.same(body(patch), { $ref: '#/components/schemas/t.Book-response' }, 'a patch may leave out anything');
  t.same(Object.keys(patch.requestBody.content), ['application/json', 'application/merge-patch+json']);
});

t.test('null in the path or the query is the name of its enum', async (t) => {
  const document = openApi(
    await schemaFromText(
      t,
      `import "google/protobuf/struct.proto";
       message Q { google.protobuf.NullValue none = 1; repeated google.protobuf.NullValue more = 2; google.protobuf.NullValue id = 3; }
       service S { rpc A(Q) returns (Q) { option (google.api.http) = { get: "/v1/{id}" }; } }`,
    ),
  );
  const name = { type: 'string', enum: ['NULL_VALUE'] };
  const { parameters } = document.paths['/v1/{id}'].get;
  t.same(
    parameters.map((one: Document) => [one.name, one.schema]).filter(([own]: [string]) => own),
    [
      ['id', name],
      ['none', name],
      ['more', { type: 'array', items: name }],
    ],
  );
  t.same(document.components.schemas['t.Q'].properties.none, {
    $ref: '#/components/schemas/google.protobuf.NullValue',
  });
});

t.test('oneofs, enums and circles are described without a square', async (t) => {
  const members = Array.from({ length: 300 }, (_, n) => `string m${n} = ${n + 1};`).join(' ');
  const document = openApi(
    await schemaFromText(
      t,
      `message Q { oneof one { ${members} } Q again = 1000; E e = 1001; optional string maybe = 1002; }
       // Kinds.
       enum E {
         E_NONE = 0; // Nothing is known.
         // What there is
         // one of.
         E_ONE = 1; // not said
       }
       service S { rpc A(Q) returns (Q); }`,
    ),
  );
  const { 't.Q': message, 't.E': kind } = document.components.schemas;
  t.equal(message.oneOf.length, 301);
  t.same(message.properties.again, { $ref: '#/components/schemas/t.Q' });
  t.same(kind.anyOf[0], { type: 'string', enum: ['E_NONE', 'E_ONE'] });
  t.equal(kind.description, 'Kinds.\n\n- E_NONE: Nothing is known.\n- E_ONE: What there is one of.');
  t.ok(JSON.stringify(document).length < 120_000);
});

t.test('each operation says by what a client can be one whom its rule lets in', async (t) => {
  const schema = await schemaFromText(
    t,
    `message M { string a = 1; }
    service S {
      rpc Open(M) returns (M) { option (sluice.v1.access) = { level: PUBLIC }; }
      rpc Known(M) returns (M) { option idempotency_level = NO_SIDE_EFFECTS; }
      rpc Scoped(M) returns (M) { option (sluice.v1.access) = { scopes: ["a", "b"] }; }
      rpc Both(M) returns (M) { option (sluice.v1.access) = { scopes: ["a"] roles: ["x", "y"] }; }
      rpc Roles(M) returns (M) { option (sluice.v1.access) = { roles: ["x", "y"] }; }
    }`,
  );
  const of = (security: DocumentSecurity | undefined, name: string, verb = 'post') =>
    openApi(schema, '3.1', security).paths[`/t.S/${name}`][verb];
  const all = openApi(schema, '3.1', SECURITY);
  t.notOk(all.security, 'nothing holds for all of them');
  t.match(all.components.securitySchemes, {
    bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    ticket: { type: 'apiKey', in: 'query', name: 'ticket' },
    cookie: { type: 'apiKey', in: 'cookie', name: 'token' },
    certificate: { type: 'mutualTLS' },
  });
  t.same(of(SECURITY, 'Open').security, []);
  t.same(of(SECURITY, 'Open')['x-sluice-access'], { public: true });
  t.same(of(SECURITY, 'Known').security, [{ bearer: [] }, { cookie: [] }, { certificate: [] }]);
  t.same(of(SECURITY, 'Known', 'get').security[1], { ticket: [] }, 'a ticket is for GET');
  t.same(of(SECURITY, 'Scoped').security, [{ bearer: ['a', 'b'] }, { cookie: ['a', 'b'] }]);
  t.same(of(SECURITY, 'Both').security, [
    { bearer: ['a', 'x'] },
    { bearer: ['a', 'y'] },
    { cookie: ['a', 'x'] },
    { cookie: ['a', 'y'] },
  ]);
  t.same(of(SECURITY, 'Both')['x-sluice-access'], { scopes: ['a'], roles: ['x', 'y'] });
  t.same(of(SECURITY, 'Roles').security.slice(-2), [{ certificate: ['x'] }, { certificate: ['y'] }]);
  const few = { ...SECURITY, access: PUBLIC, cookie: undefined, certificates: false };
  t.same(of(few, 'Known').security, [], 'what no rule names is as configured');
  t.same(Object.keys(openApi(schema, '3.1', few).components.securitySchemes), ['bearer', 'ticket']);
  const none = openApi(schema);
  t.same(none.security, [{}, { authorization: [] }], 'without identity the service decides');
  t.notOk(of(undefined, 'Scoped').security);
});
