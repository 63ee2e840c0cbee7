import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  createFileRegistry,
  type FileRegistry,
  fromBinary,
  type JsonObject,
  type JsonValue,
  toJson,
} from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  type FileDescriptorSet,
  FileDescriptorSetSchema,
  MessageOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import {
  descriptorSetFromProtoFiles,
  SchemaError,
  schemaFromProtoFiles,
} from '../../../../gateway/schema/index.js';
import { compile, parseFile } from '../../../../gateway/schema/source/index.js';

const here = dirname(fileURLToPath(import.meta.url));
const protoFolder = join(here, '../../../../proto');
const nasty = join(here, 'fixtures', 'nasty');
const bufBin = join(
  dirname(createRequire(import.meta.url).resolve('@bufbuild/buf/package.json')),
  'bin',
  'buf',
);
/** One that has its own .proto files: in Debian they are another package (libprotobuf-dev). */
const protoc = ['/usr/bin/protoc', '/usr/local/bin/protoc'].find(
  (file) => spawnSync(file, ['-o', '/dev/null', 'google/protobuf/descriptor.proto']).status === 0,
);

/** The nasty files and ours in one folder, as both compilers want it. */
function nastyFolder(t: Pick<Test, 'testdir'>): string {
  const folder = t.testdir({});
  cpSync(nasty, folder, { recursive: true });
  for (const part of ['google', 'sluice'])
    cpSync(join(protoFolder, part), join(folder, part), { recursive: true });
  return folder;
}

function readSet(bytes: Uint8Array): FileDescriptorSet {
  return fromBinary(FileDescriptorSetSchema, bytes);
}

function bufBuild(folder: string, out: string): FileDescriptorSet {
  execFileSync(process.execPath, [bufBin, 'build', folder, '--as-file-descriptor-set', '-o', out], {
    stdio: 'pipe',
  });
  return readSet(readFileSync(out));
}

/** What a descriptor means: without places and comments, and with numbers rather than their spelling. */
function meaning(file: FileDescriptorProto, registry: FileRegistry): JsonValue {
  const json = toJson(FileDescriptorProtoSchema, file, { registry }) as JsonObject;
  delete json.sourceCodeInfo;
  return JSON.parse(JSON.stringify(json), (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('defaultValue' in value) || !('type' in value))
      return value;
    const number = Number(value.defaultValue);
    if (value.type === 'TYPE_DOUBLE') return { ...value, defaultValue: String(number) };
    if (value.type === 'TYPE_FLOAT') return { ...value, defaultValue: String(Math.fround(number)) };
    return value;
  }) as JsonValue;
}

async function compare(
  t: Pick<Test, 'same' | 'ok'>,
  theirs: FileDescriptorSet,
  files: readonly string[],
  protoPaths: readonly string[],
): Promise<void> {
  const set = readSet(await descriptorSetFromProtoFiles(files, protoPaths));
  const ours = new Map(set.file.map((file) => [file.name, file]));
  const registry = createFileRegistry(theirs);
  createFileRegistry(set);
  let count = 0;
  for (const file of theirs.file) {
    const own = ours.get(file.name);
    // Each compiler brings its own edition of the well-known types.
    if (own === undefined || file.name.startsWith('google/protobuf/')) continue;
    count += 1;
    t.same(meaning(own, registry), meaning(file, registry), file.name);
  }
  t.ok(count >= files.length, `${count} files compared`);
}

t.test('descriptors of our own protos are those of buf', async (t) => {
  const folder = t.testdir({});
  cpSync(protoFolder, folder, {
    recursive: true,
    filter: (path) => !path.startsWith(join(protoFolder, 'types')),
  });
  const theirs = bufBuild(folder, join(folder, 'set.binpb'));
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.proto'),
  );
  await compare(
    t,
    theirs,
    files.map((name) => join(folder, name)),
    [folder],
  );
});

t.test('descriptors of nasty protos are those of buf: proto2, proto3, edition 2023', async (t) => {
  const folder = nastyFolder(t);
  const theirs = bufBuild(folder, join(folder, 'set.binpb'));
  const files = ['legacy.proto', 'modern.proto', 'edition.proto'].map((name) => join(folder, name));
  await compare(t, theirs, files, [folder]);
});

t.test(
  'descriptors are those of protoc',
  { skip: protoc === undefined && 'there is no protoc with its own .proto files here' },
  async (t) => {
    const folder = nastyFolder(t);
    const out = join(folder, 'protoc.binpb');
    const run = (...args: string[]) =>
      execFileSync(protoc as string, ['--include_imports', '-o', out, ...args]);
    run('-I', folder, 'legacy.proto', 'modern.proto');
    await compare(
      t,
      readSet(readFileSync(out)),
      ['legacy.proto', 'modern.proto'].map((name) => join(folder, name)),
      [folder],
    );
    const include = '/usr/include';
    if (!existsSync(join(include, 'google/protobuf/descriptor.proto'))) return;
    const names = readdirSync(join(include, 'google/protobuf')).filter((name) => name.endsWith('.proto'));
    run('-I', include, ...names.map((name) => `google/protobuf/${name}`));
    const theirs = readSet(readFileSync(out));
    const ours = readSet(
      await descriptorSetFromProtoFiles(
        names.map((name) => join(include, 'google/protobuf', name)),
        [include],
      ),
    );
    const registry = createFileRegistry(theirs);
    for (const file of theirs.file) {
      const own = ours.file.find(({ name }) => name === file.name);
      t.same(own && meaning(own, registry), meaning(file, registry), `protoc's own ${file.name}`);
    }
  },
);

t.test('what the nasty protos say is what a program sees', async (t) => {
  const folder = nastyFolder(t);
  const registry = createFileRegistry(
    readSet(
      await descriptorSetFromProtoFiles(
        [join(folder, 'legacy.proto'), join(folder, 'modern.proto')],
        [folder],
      ),
    ),
  );
  const old = registry.getMessage('nasty.legacy.Old');
  const initial = (name: string) => old?.fields.find((field) => field.name === name)?.proto.defaultValue;
  t.equal(initial('quoted'), 'a"b\\c\n\tAAééé?');
  t.equal(initial('raw'), "\\000\\377\\200 \\'q\\' \\r");
  t.equal(initial('most'), '-9223372036854775808');
  t.equal(initial('huge'), '18446744073709551615');
  t.equal(initial('hex'), '4294967295');
  t.equal(initial('octal'), '-15');
  t.equal(old?.fields.find((field) => field.name === '__proto__')?.number, 31);
  t.equal(old?.fields.find((field) => field.name === 'renamed')?.jsonName, '@re:named');
  const schema = await schemaFromProtoFiles([join(folder, 'modern.proto')], [folder]);
  t.same(schema.problems, []);
  t.same(
    schema.methods
      .get('/nasty.modern.v1.Modern/Get')
      ?.bindings.map((each) => `${each.httpMethod} ${each.template}`),
    ['GET /v1/{name=shelves/*/books/*}:read', 'POST /v1/get', 'LOCK /v1/lock', 'GET /v1/sub/{sub.leaf}'],
  );
});

t.test('files are found as users expect', async (t) => {
  const folder = t.testdir({
    apis: {
      a: {
        'a.proto':
          'syntax = "proto3"; package a; import "b.proto"; import "google/api/annotations.proto"; service A { rpc Do(b.B) returns (b.B) { option (google.api.http) = { get: "/a" }; } }',
        'b.proto': 'syntax = "proto3"; package b; message B { string x = 1; }',
      },
      c: {
        'c.proto':
          'syntax = "proto3"; package c; import "a/b.proto"; service C { rpc Do(b.B) returns (b.B); }',
      },
    },
    other: { 'b.proto': 'syntax = "proto3"; package b; message B { int32 other = 1; }' },
  });
  const file = (name: string) => join(folder, 'apis', name);
  const fieldOf = async (files: string[], paths: string[]) =>
    (await schemaFromProtoFiles(files, paths)).registry.getMessage('b.B')?.fields[0]?.name;

  t.equal(await fieldOf([file('a/a.proto')], []), 'x', 'without a proto path the own folder is searched');
  t.equal(await fieldOf([relative('.', file('a/a.proto'))], []), 'x', 'also for a relative path');
  t.equal(await fieldOf([file('a/a.proto')], [join(folder, 'other')]), 'other', 'a given path goes before');
  t.equal(await fieldOf(['c/c.proto'], [join(folder, 'apis')]), 'x', 'a name within a proto path');
  t.equal(
    await fieldOf([file('a/a.proto'), file('a/b.proto'), file('c/c.proto')], [join(folder, 'apis')]),
    'x',
    'a file under two names is one file',
  );
  const link = join(folder, 'link');
  symlinkSync(join(folder, 'apis'), link);
  t.equal(await fieldOf([join(link, 'a/a.proto'), file('a/b.proto')], []), 'x', 'a link is no second file');
});

t.test('an error names the place and what to change', async (t) => {
  const head = 'syntax = "proto3"; package x;\n';
  const cases: [text: string, problem: RegExp][] = [
    [
      `${head}import "no/such.proto";`,
      /x\.proto: the import "no\/such\.proto" is not found; looked in: .*case/,
    ],
    [`${head}import "../up.proto";`, /x\.proto:2:8: .*without "\.\."/],
    [`${head}import "x.proto";`, /goes in a circle/],
    [`${head}import "ok.proto"; import "ok.proto";`, /imported twice/],
    [`${head}message A { Missing x = 1; }`, /x\.proto:2:13: no message or enum "Missing"/],
    [`${head}import "indirect.proto"; message A { ok.Ok x = 1; }`, /no message or enum "ok\.Ok"/],
    [`${head}message A {} message A {}`, /"x\.A" is already declared in x\.proto/],
    [`${head}message A { string a = 1; int32 a = 2; }`, /"x\.A\.a" is already declared in x\.proto/],
    [
      `${head}message A { message a {} oneof a { int32 b = 1; } }`,
      /"x\.A\.a" is already declared in x\.proto/,
    ],
    [`${head}enum A { Z = 0; } enum B { Z = 0; }`, /"x\.Z" is already declared in x\.proto/],
    [`${head}service S { rpc A(M) returns (M); rpc A(M) returns (M); } message M {}`, /"x\.S\.A" is already/],
    [`${head}import "same.proto"; message A {}`, /"x\.A" is already declared in same\.proto/],
    [`${head}message A { string a = 1 }`, /x\.proto:2:26: expected ";", found "}"/],
    [`${head}message A { string a = 0; }`, /between 1 and 536870911/],
    [`${head}message A { string a = 19000; }`, /belong to protobuf/],
    [`${head}message A { required string a = 1; }`, /proto2 only/],
    [`${head}message A { map<double, string> a = 1; }`, /map key/],
    [`${head}message A { repeated map<string, string> a = 1; }`, /no label/],
    [`${head}message A { oneof o { } }`, /at least one field/],
    [`${head}enum E { }`, /at least one value/],
    [`${head}enum E { A = 2147483648; }`, /between -2147483648 and 2147483647/],
    [`${head}message A { string a = 1`, /found the end of the file/],
    [`${head}message A { string a = 1; /* `, /"\*\/" is missing/],
    [`${head}option java_package = "x`, /the string has no end/],
    [`${head}option java_package = "\\q";`, /unknown escape/],
    [`${head}option java_package = "\\xff";`, /not valid UTF-8/],
    [`${head}option java_package = 1;`, /expected a string/],
    [`${head}option no_such = 1;`, /has no field "no_such"/],
    [`${head}option (no.such) = 1;`, /no option "\(no\.such\)"/],
    [`${head}option deprecated = true; option deprecated = false;`, /set twice/],
    [`${head}option optimize_for = FAST;`, /a value of google\.protobuf\.FileOptions/],
    [`${head}option optimize_for = 7;`, /a value of google\.protobuf\.FileOptions/],
    [
      `${head}import "google/api/annotations.proto"; message A { option (google.api.http) = { get: "/" }; }`,
      /an option of google\.protobuf\.MethodOptions, not of/,
    ],
    [
      `${head}import "google/api/annotations.proto"; service S { rpc A(M) returns (M) { option (google.api.http) = { got: "/" }; } } message M {}`,
      /HttpRule has no field "got"/,
    ],
    [
      `${head}import "google/api/annotations.proto"; service S { rpc A(M) returns (M) { option (google.api.http) = { get: "/" post: "/" }; } } message M {}`,
      /exclude each other/,
    ],
    [`${head}service S { rpc A(E) returns (E); } enum E { Z = 0; }`, /no message "E"/],
    [`${head}${'message A {'.repeat(150)}`, /nested more than 100/],
    ['syntax = "proto4";', /unknown syntax "proto4"/],
    ['edition = "2024";', /edition "2024" cannot be read/],
    [`${head}message A { string a = 08; }`, /octal/],
    [`${head}message A { string a = 1a; }`, /space or a symbol/],
    [`${head}message § {}`, /unexpected character/],
    ['syntax = "proto2"; message A { string a = 1; }', /needs "optional"/],
    [
      'syntax = "proto2"; message A { optional E e = 1 [default = NO]; } enum E { YES = 0; }',
      /no value of E: NO/,
    ],
    [
      'syntax = "proto2"; message A { optional int32 e = 1 [default = 3000000000]; }',
      /integer from -2147483648/,
    ],
  ];
  const folder = t.testdir({
    case: {
      'ok.proto': 'syntax = "proto3"; package ok; message Ok {}',
      'same.proto': 'syntax = "proto3"; package x; message A {}',
      'indirect.proto': 'syntax = "proto3"; package indirect; import "ok.proto";',
    },
  });
  for (const [text, problem] of cases) {
    const file = join(folder, 'case', 'x.proto');
    writeFileSync(file, text);
    await t.rejects(
      descriptorSetFromProtoFiles([file], [join(folder, 'case')]),
      { name: 'SchemaError', message: problem },
      text,
    );
  }
  writeFileSync(join(folder, 'case', 'x.proto'), Buffer.from([0x73, 0xff]));
  await t.rejects(descriptorSetFromProtoFiles([join(folder, 'case', 'x.proto')]), {
    message: /it is not UTF-8/,
  });
  await t.rejects(descriptorSetFromProtoFiles([join(folder, 'nope.proto')]), { message: /no such file/ });
  await t.rejects(descriptorSetFromProtoFiles(['nope.proto'], [folder]), {
    message: /no such file; looked in/,
  });
  mkdirSync(join(folder, 'dir.proto'));
  await t.rejects(descriptorSetFromProtoFiles([join(folder, 'dir.proto')]), { message: /cannot be read/ });
});

t.test('a schema of broken files has what is whole, and names the rest with file and line', async (t) => {
  const head = 'syntax = "proto3"; package x; import "ok.proto"; import "google/api/annotations.proto";\n';
  const folder = t.testdir({
    'ok.proto':
      'syntax = "proto3"; package ok; message Ok { string id = 1; } service Fine { rpc Do(Ok) returns (Ok); }',
    'broken.proto': 'syntax = "proto3"; package broken; message Broken { string a = 1 }',
  });
  const cases: [text: string, methods: string[], problems: RegExp[]][] = [
    [
      `${head}import "broken.proto"; service S { rpc A(ok.Ok) returns (ok.Ok);\nrpc B(broken.Broken) returns (ok.Ok); }`,
      ['/x.S/A'],
      [/^broken\.proto: .*expected ";"/, /^x\.S\/B: .*"broken\.Broken".*\(x\.proto:3:7: /],
    ],
    [
      `${head}import "no/such.proto"; message M { no.Such a = 1; } service S { rpc A(ok.Ok) returns (ok.Ok); rpc B(M) returns (M); }`,
      ['/x.S/A'],
      [/^x\.proto: the import "no\/such\.proto" is not found; looked in/, /^x\.S\/B: .*"no\.Such"/],
    ],
    [
      `${head}message M { Lost a = 1; message N { string b = 1; } } service S { rpc A(M.N) returns (M.N); rpc B(M) returns (ok.Ok); }`,
      ['/x.S/A'],
      [
        /^x\.S\/B: its request x\.M cannot be used: the field "a": no file declares its type "Lost".*x\.proto:2:13/,
      ],
    ],
    [
      `${head}message M { map<string, Lost> a = 1; } service S { rpc A(ok.Ok) returns (ok.Ok);\nrpc B(M) returns (ok.Ok); }`,
      ['/x.S/A'],
      [/^x\.S\/B: .*no file declares its type "Lost".*x\.proto:2:25/],
    ],
    [
      `${head}service S { rpc A(ok.Ok) returns (ok.Ok) { option (no.such) = 1; option (google.api.http) = { get: "/a" }; } }`,
      ['/x.S/A'],
      [/^x\.proto: x\.proto:2:\d+: there is no option "\(no\.such\)"|^x\.proto: x\.proto:2:\d+: .*no option/],
    ],
    [
      `${head}message M {} message M { int32 a = 1; } service S { rpc A(M) returns (M); }`,
      ['/x.S/A'],
      [/"x\.M" is already declared/, /^x\.M: is declared in x\.proto and, not alike, in x\.proto/],
    ],
  ];
  for (const [text, methods, problems] of cases) {
    writeFileSync(join(folder, 'x.proto'), text);
    const schema = await schemaFromProtoFiles([join(folder, 'x.proto'), join(folder, 'ok.proto')], [folder]);
    t.same([...schema.methods.keys()].sort(), ['/ok.Fine/Do', ...methods], text);
    t.equal(schema.problems.length, problems.length, schema.problems.join('\n'));
    for (const [index, problem] of problems.entries()) t.match(String(schema.problems[index]), problem, text);
  }
  await t.rejects(schemaFromProtoFiles([join(folder, 'broken.proto')], [folder]), {
    name: 'SchemaError',
    message: /no method that could be called: broken\.proto: .*broken\.proto:1:\d+: expected ";", found "\}"/,
  });
  await t.rejects(schemaFromProtoFiles([join(folder, 'nope.proto')], [folder]), { message: /no such file/ });
});

t.test('options may be declared in any number of files, whenever they are read', async (t) => {
  const count = 40;
  const folder = t.testdir({
    'any.proto': 'syntax = "proto3"; package any; message Held { string text = 1; }',
    ...Object.fromEntries(
      Array.from({ length: count }, (_, at) => [
        `f${at}.proto`,
        `syntax = "proto3"; package f${at}; import "google/protobuf/descriptor.proto"; import "google/protobuf/any.proto"; import "any.proto";
        ${at === 0 ? '' : `import "f${at - 1}.proto";`}
        message Note { string text = 1; google.protobuf.Any held = 2; }
        extend google.protobuf.MessageOptions { Note note = ${50_000 + at}; }
        message M {
          option (note).text = "own${at}";
          option (f${Math.max(0, at - 1)}.note).held = { [type.googleapis.com/any.Held] { text: "held${at}" } };
        }`,
      ]),
    ),
  });
  const files = Array.from({ length: count }, (_, at) => join(folder, `f${count - 1 - at}.proto`));
  const set = readSet(await descriptorSetFromProtoFiles(files, [folder]));
  const registry = createFileRegistry(set);
  const options = (at: number) => {
    const message = registry.getMessage(`f${at}.M`)?.proto.options;
    const json = message && (toJson(MessageOptionsSchema, message, { registry }) as JsonObject);
    return json as Record<string, { text?: string; held?: { text: string } }> | undefined;
  };
  for (let at = 0; at < count; at += 1) {
    t.equal(options(at)?.[`[f${at}.note]`]?.text, `own${at}`);
    t.equal(options(at)?.[`[f${Math.max(0, at - 1)}.note]`]?.held?.text, `held${at}`);
  }
  const schema = await schemaFromProtoFiles([...files, join(t.testdirName, 'any.proto')]).catch(
    (error: Error) => error,
  );
  t.match(schema, { name: 'SchemaError', message: /no service/ }, 'nothing else is wrong with it');
});

t.test('files that import each other in a circle are told, and linked all the same', async (t) => {
  const file = (name: string, other: string) =>
    `syntax = "proto3"; package ${name}; import "${other}.proto"; message M { ${other}.N other = 1; } message N {} service S { rpc Do(M) returns (${other}.M); }`;
  const folder = t.testdir({ 'a.proto': file('a', 'b'), 'b.proto': file('b', 'a') });
  const schema = await schemaFromProtoFiles([join(folder, 'a.proto')], [folder]);
  t.same([...schema.methods.keys()].sort(), ['/a.S/Do', '/b.S/Do']);
  t.match(schema.problems.map(String), [/b\.proto: .*the import of "a\.proto" goes in a circle/]);
});

t.test('comments reach the descriptor, those behind a line as such', async (t) => {
  const draft = parseFile(
    'c.proto',
    'syntax = "proto3"; // behind\nmessage A {} // also behind\n\n// far\n\n// one\n// two\nmessage B {}\n/* block\n * two */\nmessage C {}\n' +
      'enum E { // of none\n  X = 0; // x\n  // above y\n  Y = 1; /* y */\n  Z = 2;\n}\n',
  );
  const [bytes = new Uint8Array()] = compile([draft]).values();
  const proto = fromBinary(FileDescriptorProtoSchema, bytes);
  const comments = proto.sourceCodeInfo?.location.map(({ leadingComments }) => leadingComments);
  t.same(comments, ['', ' one\n two\n', ' block\n two ', '', ' above y\n', '', '']);
  const behind = proto.sourceCodeInfo?.location.map(({ trailingComments }) => trailingComments);
  t.same(behind, ['', '', '', ' x\n', ' y ', '', '']);
});

t.test('a broken file is a SchemaError, whatever is broken', async () => {
  const sources = ['legacy.proto', 'modern.proto', 'edition.proto'].map((name) =>
    readFileSync(join(nasty, name), 'utf8'),
  );
  const noise = fc.constantFrom(
    '',
    '{',
    '}',
    '"',
    ';',
    '=',
    '(',
    '[',
    '.',
    '/*',
    '0',
    '-',
    'message',
    'optional',
    '\\',
    '<',
  );
  fc.assert(
    fc.property(fc.constantFrom(...sources), fc.nat(), fc.nat(12), noise, (source, at, cut, insert) => {
      const start = at % source.length;
      try {
        parseFile('fuzz.proto', source.slice(0, start) + insert + source.slice(start + cut));
      } catch (error) {
        return error instanceof SchemaError && /^fuzz\.proto:\d+:\d+: /.test(error.message);
      }
      return true;
    }),
    { numRuns: 1500 },
  );
});
