import assert from 'node:assert/strict';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import {
  create,
  type DescEnum,
  type DescExtension,
  type DescMessage,
  type DescService,
  fromBinary,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import {
  DescriptorProtoSchema,
  EnumDescriptorProtoSchema,
  FieldDescriptorProtoSchema,
  type FileDescriptorProto,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { finished, type Steps } from '../../../../gateway/async/index.js';
import { ContractDocuments } from '../../../../gateway/contract/contract-documents.js';
import {
  copyOfMethod,
  describeSchema,
  descriptorSetFromProtoFiles,
  descriptorSetFromSchema,
  type Method,
  readDescriptorSet,
  type Schema,
  SchemaError,
  type SchemaProblem,
  schemaFileSteps,
  schemaFromDescriptorSet,
  schemaFromProtoFiles,
} from '../../../../gateway/schema/index.js';
import { wholeSchemaFromSet } from '../../../../gateway/schema/load/descriptor-set.js';
import { lateSchemaSteps } from '../../../../gateway/schema/load/late-schema.js';
import { manyMethods } from '../../contract/foreign-schemas.js';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const PROTO = join(ROOT, 'proto');
const FOREIGN = join(ROOT, 'test', 'foreign', 'proto');
const NASTY = join(ROOT, 'test', 'gateway', 'schema', 'load', 'fixtures', 'nasty');

const HEAD = `syntax = "proto3"; import "google/api/annotations.proto"; import "sluice/v1/options.proto";
  import "google/protobuf/field_mask.proto"; import "google/protobuf/timestamp.proto"; import "google/rpc/status.proto";`;

/** Rules and options that are right, and every way in which they can be wrong. */
const RULES = {
  'types.proto': `syntax = "proto3"; package types; message Inner { string id = 1; repeated string many = 2; Kind kind = 3; Inner inner = 4; bytes data = 5;
    message Deep { Inner up = 1; } enum Kind { NONE = 0; ONE = 1; } }`,
  'rules.proto': `${HEAD} package rules; import "types.proto";
    // What is asked.
    message Ask { types.Inner inner = 1; string name = 2; google.protobuf.Timestamp at = 3; google.protobuf.FieldMask mask = 4; map<string, types.Inner> map = 5;
      repeated types.Inner list = 6; types.Inner.Deep deep = 7; oneof one { int32 a = 8; types.Inner.Kind b = 9; } bytes data = 10; google.rpc.Status status = 11; }
    // What there is to ask.
    service Rules {
      rpc Plain(Ask) returns (Ask);
      rpc Get(Ask) returns (Ask) { option (google.api.http) = { get: "/v1/{name}" additional_bindings { post: "/v1/{inner.id=x/*}:do" body: "*" } }; }
      rpc Same(Ask) returns (Ask) { option (google.api.http) = { get: "/v1/{inner.id}" additional_bindings { put: "/v1/free" body: "inner" response_body: "list" } }; }
      rpc Time(Ask) returns (Ask) { option (google.api.http) = { get: "/v1/at/{at}/{mask}/{inner.inner.kind}" }; }
      rpc Patch(Ask) returns (Ask) { option (google.api.http) = { patch: "/v1/patch/{name}" body: "inner" }; }
      rpc NoField(Ask) returns (Ask) { option (google.api.http) = { get: "/v2/{nothing}" additional_bindings { get: "/v2/good" } }; }
      rpc ListVariable(Ask) returns (Ask) { option (google.api.http) = { get: "/v3/{list.id}" }; }
      rpc Many(Ask) returns (Ask) { option (google.api.http) = { get: "/v3/{inner.many}" }; }
      rpc MapVariable(Ask) returns (Ask) { option (google.api.http) = { get: "/v3/{map}" }; }
      rpc Message(Ask) returns (Ask) { option (google.api.http) = { get: "/v3/{inner}" }; }
      rpc OfBase(Ask) returns (Ask) { option (google.api.http) = { get: "/v3/{status.message}" }; }
      rpc BadBody(Ask) returns (Ask) { option (google.api.http) = { post: "/v4" body: "no" }; }
      rpc BadTemplate(Ask) returns (Ask) { option (google.api.http) = { get: "v4" }; }
      rpc Own(Ask) returns (Ask) { option (google.api.http) = { get: "/_sluice/openapi.json" }; }
      rpc OtherPath(Ask) returns (Ask) { option (google.api.http) = { post: "/rules.Rules/Plain" body: "*" }; }
      rpc Letters(Ask) returns (Ask) { option (google.api.http) = { get: "/v5/gr\u00f6\u00dfe/{name}" additional_bindings { custom: { kind: "*" path: "/v5/any:thing" } body: "*" } }; }
      rpc Custom(Ask) returns (Ask) { option (google.api.http) = { custom: { kind: "LIST" path: "/v5/**" } }; }
      rpc Safe(Ask) returns (Ask) { option idempotency_level = NO_SIDE_EFFECTS; }
      rpc File(Ask) returns (Ask) { option (google.api.http) = { put: "/v6/{name=**}" body: "data" response_body: "data" }; option (sluice.v1.file).data = "data"; }
      rpc Stream(Ask) returns (stream Ask) { option (sluice.v1.stream) = { cursor: "name" resume: "name" }; }
      rpc BadStream(Ask) returns (Ask) { option (sluice.v1.stream) = { cursor: "name" resume: "name" }; }
      rpc Access(Ask) returns (Ask) { option (sluice.v1.access) = { level: PUBLIC }; }
      rpc BadAccess(Ask) returns (Ask) { option (sluice.v1.access) = { level: PUBLIC scopes: "a" }; option (google.api.http) = { get: "/v7" }; }
      rpc Example(stream Ask) returns (Ask) { option (sluice.v1.example) = "{\\"name\\": \\"n\\"}"; }
    }`,
};

async function sets(t: Test): Promise<ReadonlyMap<string, Uint8Array>> {
  const folder = t.testdir({
    ...RULES,
    'many.proto': `${HEAD} package t; ${manyMethods(50)}`,
  });
  const from = (files: readonly string[], ...folders: string[]) =>
    descriptorSetFromProtoFiles(
      files.map((file) => join(folders[0] as string, file)),
      [...folders, PROTO],
    );
  return new Map([
    [
      'core',
      await from(
        ['streaming.proto', 'grpc/health/v1/health.proto', 'grpc/reflection/v1/reflection.proto'],
        PROTO,
      ),
    ],
    ['foreign', await from(['foreign/v1/peer.proto'], FOREIGN)],
    ['edition', await from(['edition.proto', 'modern.proto'], NASTY)],
    ['rules', await from(['rules.proto'], folder)],
    ['many', await from(['many.proto'], folder)],
  ]);
}

/** All that can be known of a schema, as plain JSON. */
function contentOf(schema: Schema): object {
  const types = [...schema.registry].sort((one, other) => (one.typeName < other.typeName ? -1 : 1));
  const documents = new ContractDocuments(schema, '');
  const files = fromBinary(FileDescriptorSetSchema, descriptorSetFromSchema(schema)).file;
  return {
    description: describeSchema(schema),
    names: schema.serviceNames,
    services: schema.services.map(({ typeName, file }) => [typeName, file.proto.name]),
    methods: [...schema.methods].map(([path, method]) => [path, methodContent(method)]),
    problems: [schema.problems, schema.sourceProblems, [...schema.leftOut]],
    httpMethods: schema.routes.httpMethods,
    types: types.map(typeContent),
    documents: (['openapi-3.1', 'asyncapi', 'types'] as const).map((name) =>
      String(documents.make(name)).replace(/"version": ?"[0-9a-f]{12}"/, ''),
    ),
    files: Object.fromEntries(files.map((file) => [file.name, withSortedImports(file)])),
  };
}

function typeContent(desc: DescMessage | DescEnum | DescExtension | DescService): unknown[] {
  const place = [desc.kind, desc.typeName, desc.file.proto.name];
  switch (desc.kind) {
    case 'message':
      return [...place, toJson(DescriptorProtoSchema, desc.proto), desc.fields.map(String)];
    case 'enum':
      return [...place, toJson(EnumDescriptorProtoSchema, desc.proto)];
    case 'extension':
      return [...place, toJson(FieldDescriptorProtoSchema, desc.proto), desc.extendee.typeName];
    default:
      return [
        ...place,
        desc.methods.map(({ name, input, output }) => [name, input.typeName, output.typeName]),
      ];
  }
}

function withSortedImports(file: FileDescriptorProto): string {
  file.dependency.sort();
  return Buffer.from(toBinary(FileDescriptorSetSchema.fields[0]?.message as never, file as never)).toString(
    'base64',
  );
}

function methodContent(method: Method): object {
  return JSON.parse(
    JSON.stringify(copyOfMethod(method), (_name, value) => {
      if (value !== null && typeof value === 'object' && 'kind' in value) return String(value);
      return typeof value === 'bigint' ? String(value) : value;
    }),
  );
}

/** All steps at once. */
function lateSchemaFromSet(bytes: Uint8Array, wanted: readonly string[] | undefined): Schema | undefined {
  return finished(lateSchemaSteps(bytes, wanted));
}

/** How many steps it takes. */
function stepsOf(steps: Steps<unknown>): number {
  let count = 0;
  while (steps.next().done !== true) count += 1;
  return count;
}

t.test(
  'each type and each method is a step, so a gateway that reads a large set serves meanwhile',
  async (t) => {
    const bytes = (await sets(t)).get('many') as Uint8Array;
    // It has 50 messages, enums, and types of map entries. The first two are declared, all are looked at, and 50 methods are made.
    t.ok(stepsOf(lateSchemaSteps(bytes, undefined)) >= 2 * 50 + 3 * 50 + 50);
  },
);

t.test('a set that is read in turns is the same schema', async (t) => {
  const bytes = (await sets(t)).get('rules') as Uint8Array;
  const [one, other] = [await readDescriptorSet(bytes), schemaFromDescriptorSet(bytes)].map(contentOf);
  t.same(one, other);
  await t.rejects(readDescriptorSet(Buffer.from('no set')), SchemaError);
});

t.test('a set that is read file by file is the same schema', async (t) => {
  for (const [name, bytes] of await sets(t)) {
    const late = lateSchemaFromSet(bytes, undefined);
    t.ok(late, `${name} is plain`);
    if (late === undefined) continue;
    const whole = wholeSchemaFromSet(bytes);
    const [one, other] = [contentOf(late), contentOf(whole)];
    // To compare is quick, to show what differs is not.
    if (!isDeepStrictEqual(one, other)) t.same(one, other, name);
    for (const [path, method] of whole.methods) {
      for (const { template, httpMethod } of method.bindings) {
        const asked = template.replace(/\{[^}=]*\}|\*+/g, 'x').replace(/\{[^=}]*=([^}]*)\}/g, '$1');
        const [one, other] = [late, whole].map(({ routes }) => routes.match(httpMethod, asked));
        t.same(one?.pathValues.map(String), other?.pathValues.map(String), asked);
        t.equal(one?.method.path, other?.method.path, `${path}: ${asked}`);
        t.equal(one?.method, late.methods.get(one?.method.path ?? ''));
      }
    }
    const type = [...late.methods.values()][0]?.input;
    t.equal(late.registry.getMessage(type?.typeName ?? ''), type, 'a type is made once');
  }
});

t.test('what a set has wrong is found at the start, and told in the same words', async (t) => {
  const bytes = (await sets(t)).get('rules') as Uint8Array;
  const problems = lateSchemaFromSet(bytes, undefined)?.problems.map(String) ?? [];
  t.ok(problems.length > 10, `${problems.length}`);
  for (const word of [
    'nothing',
    'list.id',
    'inner.many',
    '"map"',
    'no field "no"',
    'is taken by rules.Rules/Get',
  ])
    t.ok(
      problems.some((problem) => problem.includes(word)),
      word,
    );
});

t.test('services can be chosen by name, and operators are left out', async (t) => {
  const bytes = (await sets(t)).get('core') as Uint8Array;
  t.same(lateSchemaFromSet(bytes, undefined)?.serviceNames, [
    'streaming.StreamingService',
    'grpc.health.v1.Health',
  ]);
  const reflection = 'grpc.reflection.v1.ServerReflection';
  t.same(
    [...(lateSchemaFromSet(bytes, [reflection])?.methods.keys() ?? [])],
    [`/${reflection}/ServerReflectionInfo`],
  );
  t.equal(lateSchemaFromSet(bytes, ['no.Such']), undefined, 'who reads the whole says what there is');
});

t.test(
  'large sources are the same schema as their set, with options of whatever file declares them',
  async (t) => {
    const folder = t.testdir({
      'note.proto': `syntax = "proto2"; package note; import "google/protobuf/descriptor.proto"; import "google/protobuf/any.proto";
      message Note { optional string text = 1; extensions 10 to 20; } message Outer { extend Note { optional int32 weight = 10; } }
      extend google.protobuf.FieldOptions { optional Note note = 50001; optional google.protobuf.Any any = 50002; repeated int32 marks = 50003; }`,
      'many.proto': `${HEAD} import "note.proto"; package t; ${manyMethods(1_000)}
      message Noted {
        string a = 1 [(note.note) = { text: "x" [note.Outer.weight]: 3 }, (note.marks) = 1, (note.marks) = 2];
        string b = 2 [(note.note).text = "y", (note.note).(note.Outer.weight) = 4];
        string c = 3 [(note.any) = { [type.googleapis.com/t.M7] { name: "z" } }];
      }`,
    });
    const files = ['note.proto', 'many.proto'].map((file) => join(folder, file));
    const schema = await schemaFromProtoFiles(files, [folder, PROTO]);
    t.equal(schema.registry.constructor.name, 'LateRegistry', 'read file by file');
    t.same(schema.problems, []);
    t.equal(schema.methods.size, 1_000);
    const whole = wholeSchemaFromSet(await descriptorSetFromProtoFiles(files, [folder, PROTO]));
    for (const name of ['t.Noted', 't.M7', 't.E7', 'note.note', 'note.Outer.weight']) {
      const [one, other] = [schema, whole].map(({ registry }) => registry.get(name));
      t.ok(one && other && isDeepStrictEqual(typeContent(one), typeContent(other)), name);
    }
    t.same(describeSchema(schema).services, describeSchema(whole).services);
  },
);

t.test('a file is read when a type of it is needed', async (t) => {
  const folder = t.testdir({
    'near.proto': `${HEAD} package near; message A { string a = 1; } service S { rpc Do(A) returns (A) { option (google.api.http) = { get: "/near/{a}" }; } }`,
    'far.proto': `${HEAD} package far; message B { string b = 1 [deprecated = true]; } service S { rpc Do(B) returns (B) { option (google.api.http) = { get: "/far/{b}" }; } }`,
  });
  const set = await descriptorSetFromProtoFiles(
    ['near.proto', 'far.proto'].map((file) => join(folder, file)),
    [folder, PROTO],
  );
  // Nobody reads options of a field before its file: here they end in the middle.
  const bytes = Buffer.from(set);
  const at = bytes.indexOf(Buffer.from([0x42, 2, 0x18, 1]), bytes.indexOf('far.proto'));
  t.not(at, -1);
  bytes[at + 2] = 0xaa;
  const schema = lateSchemaFromSet(bytes, undefined);
  t.equal(schema?.routes.match('GET', '/near/x')?.method.input.typeName, 'near.A');
  t.equal(schema?.routes.match('GET', '/near/x')?.binding?.variables[0]?.fieldPath[0]?.name, 'a');
  t.equal(schema?.methods.get('/far.S/Do')?.safe, true, 'what is known without its types');
  t.throws(() => schema?.methods.get('/far.S/Do')?.input, { name: 'SchemaError', message: /^far\.proto: / });
});

t.test(
  'files that use each other in a circle, and chains of thousands of files, are no matter',
  async (t) => {
    const file = (name: string, uses: string) =>
      ({
        name,
        package: name,
        messageType: [
          {
            name: 'M',
            field: [{ name: 'f', number: 1, label: 1, type: 11, typeName: `.${uses}.M`, jsonName: 'f' }],
          },
        ],
      }) as const;
    const service = (input: string) => ({
      name: 's',
      service: [{ name: 'S', method: [{ name: 'Do', inputType: `.${input}.M`, outputType: `.${input}.M` }] }],
    });
    const set = (files: readonly object[]) =>
      toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: files as never }));
    t.equal(lateSchemaFromSet(set([file('a', 'b'), file('b', 'a'), service('a')]), undefined), undefined);
    const chain = Array.from({ length: 4_000 }, (_, n) =>
      file(
        `a_chain_of_files_with_names_that_are_long_${n}`,
        `a_chain_of_files_with_names_that_are_long_${n === 3_999 ? n : n + 1}`,
      ),
    );
    const bytes = set([...chain, service('a_chain_of_files_with_names_that_are_long_0')]);
    t.ok(bytes.length > 512 * 1024);
    const schema = schemaFromDescriptorSet(bytes);
    t.equal(schema.registry.constructor.name, 'LateRegistry', 'a large set is read so');
    t.equal(
      schema.methods.get('/S/Do')?.input.fields[0]?.message?.typeName,
      'a_chain_of_files_with_names_that_are_long_1.M',
    );
    let steps = 0;
    for (const work = schemaFileSteps(schema); work.next().done !== true; ) steps += 1;
    t.ok(steps >= 4_000, 'all of it is read in steps');
    const twice = schemaFromDescriptorSet(Buffer.concat([bytes, bytes]));
    t.not(twice.registry.constructor.name, 'LateRegistry', 'one that is not plain as a whole');
    t.ok(twice.methods.has('/S/Do'));
  },
);

t.test('whatever happens to the bytes of a set, it is read as the whole is, or as the whole', async (t) => {
  const seed = Date.now() % 2 ** 31;
  t.comment(`seed ${seed}`);
  const all = [...(await sets(t)).values()].filter((bytes) => bytes.length < 60_000);
  let plain = 0;
  const change = fc.record({
    at: fc.nat(2 ** 30),
    to: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 2, 0x80)),
  });
  fc.assert(
    fc.property(
      fc.constantFrom(...all),
      fc.array(change, { minLength: 1, maxLength: 2 }),
      (given, changes) => {
        const bytes = Buffer.from(given);
        for (const { at, to } of changes) bytes[at % bytes.length] = to;
        const late = lateSchemaFromSet(bytes, undefined);
        if (late === undefined) return;
        plain += 1;
        const unread = ({ reason }: SchemaProblem) => reason === 'its descriptor cannot be read';
        let whole: Schema | undefined;
        try {
          whole = wholeSchemaFromSet(bytes);
          for (const desc of late.registry) void desc.file;
        } catch (error) {
          // Bytes that nobody needs before: the whole has lost a file to them.
          assert.ok(error instanceof SchemaError);
          assert.ok(whole?.problems.some(unread) ?? /cannot be read/.test(error.message), error.message);
          return;
        }
        // A file that counts as ours is never read.
        assert.deepEqual(
          late.problems,
          whole.problems.filter((each) => !unread(each)),
        );
        assert.deepEqual(describeSchema(late).services, describeSchema(whole).services);
      },
    ),
    { seed, numRuns: 150 },
  );
  t.ok(plain > 8, `${plain} of them are plain still`);
});
