import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { loadSync, type Options } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { ByteWriter, type Codec, compiledCodec } from '../../../../gateway/codec/index.js';
import { openGateway } from '../../../../gateway/index.js';
import { type Schema, schemaFromProtoFiles, schemaFromReflection } from '../../../../gateway/schema/index.js';
import { closeInTeardown } from '../../../support/given-back.js';
import { httpJson } from '../../../support/http.js';
import { openReflection } from './reflection-server.js';

const IMPORTS = [
  ...['any', 'duration', 'empty', 'field_mask', 'struct', 'timestamp', 'wrappers'].map(
    (name) => `import "google/protobuf/${name}.proto";`,
  ),
  'import "other/other.proto";',
  'import "other/old.proto";',
].join('\n');
const KITCHEN = `syntax = "proto3"; package kitchen.v1; ${IMPORTS}
  enum Size { SIZE_UNSPECIFIED = 0; SMALL = 1; LARGE = 2; }
  message Course { string name = 1; repeated Course sides = 2; }
  message Labels { string x = 1; }
`;
const OTHER = `syntax = "proto3"; package other.v1;
  message Thing { string id = 1; Deep deep = 2; message Deep { int64 n = 1; } enum Kind { NONE = 0; BIG = 1; } }
  enum Course { WRONG = 0; }`;
/** The same package as kitchen.proto: proto-loader makes one file of a package, which then needs itself by way of \`old\`. */
const SHARED = `syntax = "proto3"; package kitchen.v1; message Shared { string s = 1; }`;
const OLD = `syntax = "proto2"; package old; import "other/shared.proto";
  message Old { required string id = 1; optional int32 n = 2 [default = 7]; repeated int32 r = 3;
    optional group Grp = 4 { optional string g = 1; } repeated group Many = 5 { optional int32 q = 1; }
    optional E e = 6 [default = B]; enum E { A = 1; B = 2; } repeated E es = 7; optional double inf = 8 [default = inf];
    optional bytes by = 9 [default = "a\\001"]; optional int64 big = 10 [default = -9223372036854775808];
    optional kitchen.v1.Shared shared = 11; optional bool flag = 12 [default = true];
    extensions 100 to 200; extend Old { optional string inner = 101; } }
  extend Old { optional int32 outer = 100; repeated kitchen.v1.Shared shared_list = 102; }`;

/** The body of a message M beside the declarations of \`kitchen\`, and messages of it. */
const CASES: readonly (readonly [name: string, body: string, ...messages: object[]])[] = [
  ...['double', 'float', 'int32', 'uint32', 'sint32', 'fixed32', 'sfixed32'].map(
    (type) => [type, `${type} f = 1; repeated ${type} many = 2;`, { f: 3, many: [0, 1, 7] }, {}] as const,
  ),
  ...['int64', 'uint64', 'sint64', 'fixed64', 'sfixed64'].map(
    (type) =>
      [
        type,
        `${type} f = 1; repeated ${type} many = 2;`,
        { f: '3', many: ['0', '9007199254740993'] },
      ] as const,
  ),
  ['bool', 'bool f = 1; repeated bool many = 2 [packed = false];', { f: true, many: [true, false] }],
  ['string', 'string f = 1; repeated string many = 2;', { f: 'é', many: ['', 'x'] }],
  ['bytes', 'bytes f = 1; repeated bytes many = 2;', { f: 'AQID', many: ['', 'AA=='] }],
  ['enum', 'Size f = 1; repeated Size many = 2;', { f: 'LARGE', many: ['SMALL', 'SIZE_UNSPECIFIED'] }],
  [
    'message',
    'Course f = 1; repeated Course many = 2;',
    { f: { name: 'soup', sides: [{ name: 'bread' }] }, many: [{}] },
  ],
  [
    'a nested message',
    'N f = 1; message N { NN g = 1; message NN { string s = 1; } }',
    { f: { g: { s: 'x' } } },
  ],
  [
    'a nested enum',
    'N.K f = 1; message N { enum K { K0 = 0; K1 = 1; } repeated K k = 1; } N n = 2;',
    { f: 'K1', n: { k: ['K1'] } },
  ],
  [
    'itself',
    'M f = 1; repeated M many = 2; map<string, M> by_name = 3;',
    { f: { f: {} }, many: [{}], byName: { a: { f: {} } } },
  ],
  [
    'map of scalars',
    'map<string, int32> my_map = 1; map<int64, bool> other = 2;',
    { myMap: { a: 1, b: 0 }, other: { 5: true } },
  ],
  [
    'map of messages',
    'map<string, Course> f = 1; map<bool, .other.v1.Thing.Deep> g = 2;',
    { f: { a: { name: 'x' } }, g: { true: { n: '1' } } },
  ],
  [
    'map of enums',
    'map<uint32, Size> f = 1; map<string, .other.v1.Thing.Kind> g = 2;',
    { f: { 1: 'LARGE' }, g: { a: 'BIG' } },
  ],
  [
    'a map with the name of a message',
    'map<string, Labels> labels = 1; Labels one = 2; map<string, string> Course = 3;',
    { labels: { a: { x: '1' } }, one: { x: '2' }, Course: { a: 'b' } },
  ],
  [
    'a map with the name of a nested message',
    'map<string, Labels> labels = 1; message Labels { bool inner = 1; }',
    { labels: { a: { inner: true } } },
  ],
  [
    'oneof',
    'oneof pick { string s = 1; Course c = 2; Size z = 3; .other.v1.Thing t = 4; }',
    { s: '' },
    { c: {} },
    { z: 'SMALL' },
    { t: { id: '5' } },
  ],
  [
    'optional',
    'optional int32 my_number = 1; optional string s = 2; optional Course c = 3; optional Size z = 4; optional bytes b = 5;',
    { myNumber: 0, s: '', c: {}, z: 'SIZE_UNSPECIFIED', b: '' },
    {},
  ],
  [
    'another package',
    'other.v1.Thing f = 1; other.v1.Thing.Kind k = 2; other.v1.Course wrong = 3;',
    { f: { id: 'a', deep: { n: '4' } }, k: 'BIG' },
  ],
  [
    'a short name at several places',
    'Thing f = 1; message Thing { Thing g = 1; int32 z = 2; message Thing { bool inner = 1; } } other.v1.Thing t = 2; other.v1.Course e = 3;',
    { f: { g: { inner: true }, z: 1 }, t: { id: 'x' } },
  ],
  [
    'a nested message that hides one',
    'Course f = 1; message Course { bool inner = 1; }',
    { f: { inner: true } },
  ],
  [
    'well-known types',
    'google.protobuf.Timestamp at = 1; google.protobuf.Duration d = 2; google.protobuf.FieldMask m = 3; google.protobuf.Empty e = 4;',
    { at: '2026-01-02T03:04:05.006Z', d: '1.500s', m: 'a.b,c', e: {} },
  ],
  [
    'struct',
    'google.protobuf.Struct s = 1; google.protobuf.Value v = 2; google.protobuf.ListValue l = 3; map<string, google.protobuf.Value> m = 4; google.protobuf.NullValue n = 5;',
    { s: { a: [1, null, { b: true }] }, v: 'x', l: [1, 'y'], m: { a: 1 } },
  ],
  [
    'wrappers',
    'google.protobuf.Int64Value i = 1; google.protobuf.StringValue s = 2; google.protobuf.BoolValue b = 3; repeated google.protobuf.BytesValue y = 4; google.protobuf.DoubleValue d = 5;',
    { i: '5', s: '', b: false, y: ['AA=='], d: 1.5 },
  ],
  [
    'any',
    'google.protobuf.Any a = 1; repeated google.protobuf.Any many = 2;',
    {
      a: { '@type': 'type.googleapis.com/kitchen.v1.Course', name: 'x' },
      many: [{ '@type': 'type.googleapis.com/google.protobuf.Duration', value: '1s' }],
    },
  ],
  [
    'names with underscores',
    'string my_long_name = 1; int32 a1_b2 = 2; map<string, string> my_labels_2 = 3;',
    { myLongName: 'x', a1B2: 3, myLabels2: { a: 'b' } },
  ],
  [
    'proto2',
    'old.Old f = 1; old.Old.E e = 2;',
    {
      f: {
        id: '1',
        n: 0,
        r: [1, 2],
        grp: { g: 'x' },
        many: [{ q: 1 }],
        e: 'A',
        es: ['A', 'B'],
        flag: false,
        shared: { s: 'y' },
      },
      e: 'B',
    },
  ],
  ['proto2 extensions', 'old.Old f = 1;', { f: { id: '1', '[old.outer]': 5, '[old.Old.inner]': 'x' } }],
];

/** A server that sends back every message it gets, with the reflection of the real packages. */
async function startNode(
  t: Pick<Test, 'testdir' | 'teardown'>,
  files: Record<string, string>,
  services: Record<string, Record<string, string>>,
  options: Options = {},
): Promise<{ port: number; reference: Promise<Schema> }> {
  const folder = t.testdir({ other: { 'other.proto': OTHER, 'old.proto': OLD, 'shared.proto': SHARED } });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const names = Object.keys(files);
  const definition = loadSync(names, { includeDirs: [folder], ...options });
  const server = new Server();
  new ReflectionService(definition).addToServer(server);
  const bytes = (value: Buffer) => value;
  for (const [service, methods] of Object.entries(services)) {
    const echo = (stream: ServerDuplexStream<Buffer, Buffer>) => {
      stream.on('data', (message: Buffer) => stream.write(message));
      stream.on('end', () => stream.end());
    };
    server.addService(
      Object.fromEntries(
        Object.entries(methods).map(([method]) => [
          method,
          {
            path: `/${service}/${method}`,
            requestStream: true,
            responseStream: true,
            requestSerialize: bytes,
            requestDeserialize: bytes,
            responseSerialize: bytes,
            responseDeserialize: bytes,
          },
        ]),
      ),
      Object.fromEntries(Object.keys(methods).map((method) => [method, echo])),
    );
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  t.teardown(() => server.forceShutdown());
  return {
    port,
    reference: schemaFromProtoFiles(
      names.map((name) => join(folder, name)),
      [folder],
    ),
  };
}

function textOf(out: ByteWriter): string {
  return out.take().toString();
}

function codecOf(schema: Schema): Codec {
  return compiledCodec(schema.registry, { codeGeneration: true });
}

function inputOf(schema: Schema, path: string) {
  const method = schema.methods.get(path);
  if (method === undefined) throw new Error(`no method ${path}; ${schema.problems.join('\n')}`);
  return method.input;
}

/** One service with a method for each case, `Echo` and its number. */
function kitchen(): string {
  const messages = CASES.map(
    ([, body], index) => `message M${index} { ${body.replaceAll(/\bM\b/g, `M${index}`)} }`,
  );
  const methods = CASES.map((_case, index) => `rpc Echo${index}(M${index}) returns (M${index});`);
  return `${KITCHEN} ${messages.join('\n')} service S { ${methods.join(' ')} }`;
}

for (const keepCase of [false, true]) {
  t.test(`every type of field means what the proto says, keepCase ${keepCase}`, async (t) => {
    const { port, reference } = await startNode(t, { 'kitchen.proto': kitchen() }, {}, { keepCase });
    const signal = AbortSignal.timeout(120_000);
    const schema = await schemaFromReflection(openReflection(t, port), { signal });
    t.same(schema.problems.map(String), []);
    const codec = codecOf(schema);
    const right = codecOf(await reference);
    for (const [index, [name, , ...messages]] of CASES.entries()) {
      const path = `/kitchen.v1.S/Echo${index}`;
      const theirs = codec.forMessage(inputOf(schema, path));
      const ours = right.forMessage(inputOf(await reference, path));
      for (const message of messages) {
        const json = JSON.stringify(message);
        const wire = ours.fromJson(json);
        t.same(Buffer.from(theirs.fromJson(json)), Buffer.from(wire), `${name}: ${json} to the service`);
        const [out, expected] = [new ByteWriter(), new ByteWriter()];
        theirs.writeJson(wire, 0, wire.length, out);
        ours.writeJson(wire, 0, wire.length, expected);
        t.equal(textOf(out), textOf(expected), `${name}: ${json} from it`);
      }
    }
  });
}

t.test('the gateway answers for such a server, on all its services', async (t) => {
  const bare =
    'syntax = "proto3"; message Q { R r = 1; message R { string a = 1; } map<string, Q> m = 2; } service Bare { rpc Echo(Q) returns (Q); }';
  const { port } = await startNode(
    t,
    { 'kitchen.proto': kitchen(), 'bare.proto': bare },
    {
      'kitchen.v1.S': Object.fromEntries(CASES.map((_case, index) => [`Echo${index}`, ''])),
      Bare: { Echo: '' },
    },
  );
  const gateway = await openGateway({
    upstream: `127.0.0.1:${port}`,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    log: pino({ level: 'silent' }),
  });
  closeInTeardown(t, gateway);
  const post = (path: string, message: object) =>
    httpJson(`${gateway.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(message),
    });
  for (const [index, [name, , message]] of CASES.entries()) {
    t.match(
      await post(`/kitchen.v1.S/Echo${index}`, message as object),
      { status: 200, json: message },
      name,
    );
  }
  const nested = { r: { a: 'x' }, m: { k: { r: {} } } };
  t.match(await post('/Bare/Echo', nested), { status: 200, json: nested }, 'a service without a package');
  const ready = await httpJson(`${gateway.adminUrl}/readyz`);
  t.same([ready.status, ready.json], [200, { status: 'ready' }]);
});
