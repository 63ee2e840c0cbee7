import { fromJson } from '@bufbuild/protobuf';
import t from 'tap';
import { exampleJson } from '../../../../gateway/schema/describe/example.js';
import { describeSchema } from '../../../../gateway/schema/index.js';
import { schemaFromText } from '../schema-from-text.js';

t.test('a schema is described with what the page needs', async (t) => {
  const schema = await schemaFromText(
    t,
    `message Q { string id = 1; bytes data = 2; } message R { int64 n = 1; }
     // Does
     //   things.
     service S {
       // Gets it.
       rpc Get(Q) returns (R) { option (google.api.http) = { get: "/q/{id}" additional_bindings { post: "/q" body: "data" } }; }
       rpc Watch(Q) returns (stream R) { option (sluice.v1.stream) = { cursor: "n" resume: "id" }; option idempotency_level = NO_SIDE_EFFECTS; }
       /* Puts
        * it. */
       rpc Put(stream Q) returns (R) { option (sluice.v1.file) = { data: "data" }; }
       rpc Talk(stream Q) returns (stream R);
     }`,
  );
  const plain = JSON.parse(JSON.stringify(describeSchema(schema)));
  t.same(plain, {
    problems: [],
    services: [
      {
        name: 't.S',
        comment: 'Does\nthings.',
        methods: [
          {
            name: 'Get',
            path: '/t.S/Get',
            kind: 'unary',
            comment: 'Gets it.',
            safe: true,
            file: false,
            upload: 'data',
            resumable: false,
            recorded: false,
            input: 't.Q',
            output: 't.R',
            http: [
              { method: 'GET', path: '/q/{id}', body: '' },
              { method: 'POST', path: '/q', body: 'data' },
            ],
            example: { id: '1', data: 'ZXhhbXBsZQ==' },
          },
          {
            name: 'Watch',
            path: '/t.S/Watch',
            kind: 'server_stream',
            comment: '',
            safe: true,
            file: false,
            upload: 'data',
            resumable: true,
            recorded: false,
            input: 't.Q',
            output: 't.R',
            http: [],
            example: { id: '1', data: 'ZXhhbXBsZQ==' },
          },
          {
            name: 'Put',
            path: '/t.S/Put',
            kind: 'client_stream',
            comment: 'Puts\nit.',
            safe: false,
            file: true,
            upload: 'data',
            resumable: false,
            recorded: false,
            input: 't.Q',
            output: 't.R',
            http: [],
            example: { id: '1', data: 'ZXhhbXBsZQ==' },
          },
          {
            name: 'Talk',
            path: '/t.S/Talk',
            kind: 'bidi_stream',
            comment: '',
            safe: false,
            file: false,
            upload: 'data',
            resumable: false,
            recorded: false,
            input: 't.Q',
            output: 't.R',
            http: [],
            example: { id: '1', data: 'ZXhhbXBsZQ==' },
          },
        ],
      },
    ],
  });
});

t.test('an example is valid ProtoJSON of every kind of field, and ends', async (t) => {
  const wide = Array.from({ length: 40 }, (_, index) => `Wide w${index} = ${index + 1};`).join(' ');
  const schema = await schemaFromText(
    t,
    `import "google/protobuf/any.proto"; import "google/protobuf/duration.proto"; import "google/protobuf/empty.proto";
     import "google/protobuf/field_mask.proto"; import "google/protobuf/struct.proto"; import "google/protobuf/timestamp.proto";
     import "google/protobuf/wrappers.proto";
     enum E { E_ZERO = 0; E_ONE = 1; }
     message Self { Self self = 1; repeated Self selves = 2; map<string, Self> map = 3; Other other = 4; int32 n = 5; }
     message Other { Self self = 1; }
     message Wide { ${wide.replaceAll('Wide ', 'Wider ')} } message Wider { ${wide.replaceAll('Wide ', 'Widest ')} } message Widest { ${wide.replaceAll('Wide ', 'int32 ')} }
     message Q {
       double a = 1; uint64 b = 2; bool c = 3; string d = 4; bytes e = 5; E f = 6; repeated E g = 7;
       map<int32, string> h = 8; map<bool, E> i = 9; map<string, Self> j = 10;
       oneof o { string k = 11; int32 l = 12; } optional string m = 13; Self n = 14;
       google.protobuf.Timestamp p = 15; google.protobuf.Duration q = 16; google.protobuf.FieldMask r = 17;
       google.protobuf.Struct s = 18; google.protobuf.Value u = 19; google.protobuf.ListValue v = 20; google.protobuf.Any w = 21;
       google.protobuf.Empty x = 22; google.protobuf.Int64Value y = 23; google.protobuf.BytesValue z = 24;
       google.protobuf.NullValue null = 25;
     }
     service S { rpc A(Q) returns (Q); rpc B(Wide) returns (Q); rpc C(Self) returns (Q); }`,
  );
  for (const method of schema.methods.values()) {
    const json = JSON.parse(JSON.stringify(exampleJson(method.input)));
    t.ok(fromJson(method.input, json, { registry: schema.registry }), method.path);
    t.ok(JSON.stringify(json).length < 20_000, `${method.path}: ${JSON.stringify(json).length}`);
  }
  t.same(JSON.parse(JSON.stringify(exampleJson(schema.registry.getMessage('t.Self') as never))), {
    other: {},
    n: 1,
  });
});

t.test(
  'an example has what comments, names, paths and types suggest, and only what a client sets',
  async (t) => {
    const schema = await schemaFromText(
      t,
      `import "google/api/field_behavior.proto"; import "google/protobuf/timestamp.proto";
     import "google/protobuf/wrappers.proto";
     enum Color { COLOR_UNSPECIFIED = 0; COLOR_OLD = 1 [deprecated = true]; RED = 2; }
     message Book {
       string name = 1;
       google.protobuf.Timestamp create_time = 2 [(google.api.field_behavior) = OUTPUT_ONLY];
       // Output only. Set by the library.
       string state = 3;
       string old = 4 [deprecated = true];
       repeated Book sequels = 5;
       Color color = 6;
     }
     message Q {
       string parent = 1;
       Book book = 2;
       // The currency, for example "EUR".
       string currency = 3;
       // INSERT, DELETE or FORMAT.
       string operation = 4;
       string contact_email = 5;
       int32 page_size = 6;
       string page_token = 7;
       oneof way { string made = 8 [(google.api.field_behavior) = OUTPUT_ONLY]; string shelf_id = 9; int32 row = 10; }
       google.protobuf.Int64Value limit = 11;
       map<string, Color> colors = 12;
       double latitude = 13;
       string uuid = 14;
       // Nested ones have comments too.
       message Inner {
         // Such as \`tall\`.
         string size = 1;
       }
       Inner inner = 15;
     }
     service S { rpc A(Q) returns (Q) { option (google.api.http) = { patch: "/v1/{parent=shelves/*}/{book.name=books/*/pages/**}" body: "*" }; } }`,
    );
    const [method] = schema.methods.values();
    if (method === undefined) throw new Error('no method');
    t.strictSame(schema.problems, []);
    t.same(JSON.parse(JSON.stringify(exampleJson(method.input, method.bindings))), {
      parent: 'shelves/1',
      book: { name: 'books/1/pages/1', color: 'RED' },
      currency: 'EUR',
      operation: 'INSERT',
      contactEmail: 'ann@example.com',
      pageSize: 10,
      pageToken: '',
      shelfId: '1',
      limit: '10',
      colors: { key: 'RED' },
      latitude: 52.52,
      uuid: '4f2c8a1e-6f0b-4c3d-9a7e-2b1d5c8e0f34',
      inner: { size: 'tall' },
    });
  },
);

t.test('a method gives its own example, and one that it would not take is told and left out', async (t) => {
  const schema = await schemaFromText(
    t,
    `message Q { string id = 1; int32 n = 2; }
     service S {
       rpc Good(Q) returns (Q) { option (sluice.v1.example) = '{"id": "x", "n": 7}'; }
       rpc Text(Q) returns (Q) { option (sluice.v1.example) = 'hello'; }
       rpc Cut(Q) returns (Q) { option (sluice.v1.example) = '{"id": '; }
       rpc Unknown(Q) returns (Q) { option (sluice.v1.example) = '{"nope": 1}'; }
       rpc Type(Q) returns (Q) { option (sluice.v1.example) = '{"n": "seven"}'; }
       rpc List(Q) returns (Q) { option (sluice.v1.example) = '[{"id": "x"}]'; }
       rpc Empty(Q) returns (Q) { option (sluice.v1.example) = ''; }
     }`,
  );
  const examples = describeSchema(schema).services[0]?.methods.map(({ name, example }) => [name, example]);
  t.same(JSON.parse(JSON.stringify(examples)), [
    ['Good', { id: 'x', n: 7 }],
    ...['Text', 'Cut', 'Unknown', 'Type', 'List', 'Empty'].map((name) => [name, { id: '1', n: 1 }]),
  ]);
  t.equal(schema.problems.length, 6);
  for (const problem of schema.problems)
    t.match(problem, /^t\.S\/[A-Z][a-z]+: \(sluice\.v1\.example\): is no t\.Q: /);
});
