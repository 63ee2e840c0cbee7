import { fromJson } from '@bufbuild/protobuf';
import t from 'tap';
import { exampleJson } from '../../../gateway/schema/example.js';
import { describeSchema } from '../../../gateway/schema/index.js';
import { schemaFromText } from './schema-from-text.js';

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
            resumable: false,
            input: 't.Q',
            output: 't.R',
            http: [
              { method: 'GET', path: '/q/{id}', body: '' },
              { method: 'POST', path: '/q', body: 'data' },
            ],
            example: { id: '', data: '' },
          },
          {
            name: 'Watch',
            path: '/t.S/Watch',
            kind: 'server_stream',
            comment: '',
            safe: true,
            file: false,
            resumable: true,
            input: 't.Q',
            output: 't.R',
            http: [],
            example: { id: '', data: '' },
          },
          {
            name: 'Put',
            path: '/t.S/Put',
            kind: 'client_stream',
            comment: 'Puts\nit.',
            safe: false,
            file: true,
            resumable: false,
            input: 't.Q',
            output: 't.R',
            http: [],
            example: { id: '', data: '' },
          },
          {
            name: 'Talk',
            path: '/t.S/Talk',
            kind: 'bidi_stream',
            comment: '',
            safe: false,
            file: false,
            resumable: false,
            input: 't.Q',
            output: 't.R',
            http: [],
            example: { id: '', data: '' },
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
  const self = { self: {}, selves: [{}], map: { key: {} }, other: { self: {} }, n: 0 };
  t.same(JSON.parse(JSON.stringify(exampleJson(schema.registry.getMessage('t.Self') as never))), self);
});
