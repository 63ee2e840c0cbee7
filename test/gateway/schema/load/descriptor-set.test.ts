import { join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import t from 'tap';
import { baseFiles } from '../../../../gateway/schema/base/index.js';
import { protoFolder } from '../../../../gateway/schema/base/proto-folder.js';
import {
  descriptorSetFromProtoFiles,
  type Method,
  type Schema,
  schemaFromDescriptorSet,
} from '../../../../gateway/schema/index.js';
import { schemaFromText } from '../schema-from-text.js';

function own(): Promise<Uint8Array> {
  const folder = protoFolder();
  const files = ['streaming.proto', 'grpc/health/v1/health.proto', 'grpc/reflection/v1/reflection.proto'];
  return descriptorSetFromProtoFiles(
    files.map((name) => join(folder, name)),
    [folder],
  );
}

/** The same set after a change to its files. */
function changed(
  bytes: Uint8Array,
  change: (files: FileDescriptorProto[]) => FileDescriptorProto[],
): Uint8Array {
  const file = change(fromBinary(FileDescriptorSetSchema, bytes).file);
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file }));
}

function method(schema: Schema, path: string): Method {
  const found = schema.methods.get(path);
  if (found === undefined) throw new Error(`no method ${path}`);
  return found;
}

t.test('the core service is what its proto says', async (t) => {
  const schema = schemaFromDescriptorSet(await own());
  t.same(schema.problems, []);
  t.same(
    schema.services.map((service) => service.typeName),
    ['streaming.StreamingService', 'grpc.health.v1.Health'],
    'reflection is not for browsers',
  );
  const of = (name: string) => method(schema, `/streaming.StreamingService/${name}`);
  const quote = of('GetStockQuote');
  t.equal(quote.safe, true);
  t.same([quote.requestStream, quote.responseStream], [false, false]);
  t.same([of('Chat').requestStream, of('Chat').responseStream], [true, true]);
  t.equal(of('Chat').safe, false);
  const data = of('GetDataStream');
  t.equal(data.resume?.cursor.name, 'id');
  t.equal(data.resume?.cursor.parent, data.output);
  t.equal(data.resume?.request.name, 'start_from_id');
  t.equal(of('DownloadFile').download?.path[0]?.name, 'data');
  t.equal(of('DownloadFile').upload, undefined);
  t.equal(of('UploadFile').upload?.path[0]?.name, 'data');
  t.same([of('UploadFile').file, of('Chat').file], [true, false]);
  const [put, post] = of('UploadFile').bindings;
  t.equal(put?.httpMethod, 'PUT');
  t.equal(put?.variables[0]?.fieldPath[0]?.name, 'file_path');
  t.equal(put?.variables[0]?.multiSegment, true);
  t.equal(typeof put?.body === 'object' && put.body.name, 'data');
  t.equal(post?.template, '/v1/files');
  t.ok(
    schema.registry.getMessage('google.rpc.ErrorInfo'),
    'details can be unpacked though nobody imports them',
  );
  t.ok(schema.registry.getMessage('streaming.StockPrice'));
});

t.test('services can be chosen, and a wrong name says what there is', async (t) => {
  const bytes = await own();
  const schema = schemaFromDescriptorSet(bytes, { services: ['grpc.reflection.v1.ServerReflection'] });
  t.same([...schema.methods.keys()], ['/grpc.reflection.v1.ServerReflection/ServerReflectionInfo']);
  t.throws(() => schemaFromDescriptorSet(bytes, { services: ['no.Such'] }), {
    name: 'SchemaError',
    message: /no service "no\.Such"; it has: .*streaming\.StreamingService/,
  });
});

t.test('sets of other tools are completed: order, doubles, missing imports, JSON names', async (t) => {
  const bytes = await own();
  const reference = schemaFromDescriptorSet(bytes);
  const strip = (files: FileDescriptorProto[]) => files.filter((file) => !file.name.startsWith('google/'));
  const python = (files: FileDescriptorProto[]) => {
    for (const file of files)
      for (const message of file.messageType) for (const field of message.field) field.jsonName = '';
    return files;
  };
  for (const [name, change] of Object.entries({
    reversed: (files: FileDescriptorProto[]) => files.toReversed(),
    doubled: (files: FileDescriptorProto[]) => [...files, ...files],
    'without google': strip,
    'without sluice': (files: FileDescriptorProto[]) =>
      files.filter((file) => !file.name.startsWith('sluice/')),
    'without JSON names': python,
  })) {
    const schema = schemaFromDescriptorSet(changed(bytes, change));
    t.same([...schema.methods.keys()].sort(), [...reference.methods.keys()].sort(), name);
    t.equal(schema.routes.match('GET', '/v1/stocks/X')?.method.name, 'GetStockQuote', name);
    t.equal(schema.registry.getMessage('streaming.FileRequest')?.fields[0]?.jsonName, 'filePath', name);
    t.same(schema.problems, [], name);
  }
});

t.test('a set that cannot be used is one clear error', async (t) => {
  const bytes = await own();
  const broken = (files: FileDescriptorProto[]) => {
    for (const file of files)
      for (const service of file.service) for (const method of service.method) method.inputType = '.no.Such';
    return files;
  };
  t.throws(() => schemaFromDescriptorSet(changed(bytes, broken)), {
    name: 'SchemaError',
    message: /no\.Such/,
  });
  for (const garbage of [
    Buffer.from('not a descriptor set'),
    Buffer.alloc(0),
    Buffer.from([0x0a, 0x05, 1]),
    Buffer.from([0x0a, 0]),
  ]) {
    t.throws(() => schemaFromDescriptorSet(garbage), {
      name: 'SchemaError',
      message: /not a google\.protobuf\.FileDescriptorSet/,
    });
  }
  const none = (files: FileDescriptorProto[]) => files.filter((file) => file.service.length === 0);
  t.throws(() => schemaFromDescriptorSet(changed(bytes, none)), {
    name: 'SchemaError',
    message: /no service/,
  });
});

t.test('imports do not matter: what is used is found by its name', async (t) => {
  const bytes = await own();
  const rename = (files: FileDescriptorProto[]) => {
    for (const file of files)
      file.dependency = [...file.dependency.map((name) => `moved/${name}`), 'acme/a.proto'];
    return files;
  };
  const none = (files: FileDescriptorProto[]) => {
    for (const file of files) file.dependency = [];
    return files;
  };
  const circle = (files: FileDescriptorProto[]) => {
    for (const file of files) file.dependency = files.map(({ name }) => name);
    return files;
  };
  const moved = (files: FileDescriptorProto[]) => {
    for (const file of files) file.name = `elsewhere/${file.name}`;
    return files;
  };
  const reference = schemaFromDescriptorSet(bytes);
  for (const [name, change] of Object.entries({ rename, none, circle, moved })) {
    const schema = schemaFromDescriptorSet(changed(bytes, change));
    t.same([...schema.methods.keys()], [...reference.methods.keys()], name);
    t.equal(schema.routes.match('GET', '/v1/stocks/X')?.method.name, 'GetStockQuote', name);
    t.same(schema.problems, [], name);
  }
});

t.test('a long chain of imports does not overflow the stack', async (t) => {
  const bytes = await own();
  const chain = (files: FileDescriptorProto[]) => {
    const first = files.find((file) => file.name === 'streaming.proto');
    for (let index = 0; index < 10_000; index += 1) {
      const next = index === 9_999 ? [] : [`chain/${index + 1}.proto`];
      files.push({
        ...(files[0] as FileDescriptorProto),
        name: `chain/${index}.proto`,
        package: `c${index}`,
        messageType: [],
        enumType: [],
        service: [],
        extension: [],
        dependency: next,
      });
    }
    first?.dependency.push('chain/0.proto');
    return files;
  };
  t.equal(schemaFromDescriptorSet(changed(bytes, chain)).methods.size > 13, true);
});

t.test('what is wrong with one method is a problem, and the rest stays', async (t) => {
  const schema = await schemaFromText(
    t,
    `message Q { string id = 1; Q sub = 2; repeated string tags = 3; map<string, string> map = 4; bytes data = 5; bytes more = 6; }
     message R { int32 id = 1; repeated int32 list = 2; }
     service S {
       rpc A(Q) returns (R) { option (google.api.http) = { get: "/a/{nope}" additional_bindings { get: "/a2/{id}" } }; }
       rpc B(Q) returns (R) { option (google.api.http) = { get: "/b/{tags}" }; }
       rpc C(Q) returns (R) { option (google.api.http) = { get: "/c/{sub}" }; }
       rpc D(Q) returns (R) { option (google.api.http) = { get: "/d/{tags.id}" }; }
       rpc E(Q) returns (R) { option (google.api.http) = { post: "/e" body: "nope" }; }
       rpc F(Q) returns (R) { option (google.api.http) = { get: "/f" response_body: "nope" }; }
       rpc G(Q) returns (R) { option (google.api.http) = { get: "/g" body: "*" }; }
       rpc H(Q) returns (R) { option (google.api.http) = { get: "/a2/{sub.id}" }; }
       rpc I(Q) returns (R) { option (google.api.http) = { }; }
       rpc J(Q) returns (R) { option (google.api.http) = { get: "/j" additional_bindings { get: "/j2" additional_bindings { get: "/j3" } } }; }
       rpc K(Q) returns (R) { option (google.api.http) = { custom { kind: "no good" path: "/k" } }; }
       rpc L(Q) returns (stream R) { option (sluice.v1.stream) = { cursor: "id" resume: "nope" }; }
       rpc M(Q) returns (stream R) { option (sluice.v1.stream) = { cursor: "list" resume: "id" }; }
       rpc N(Q) returns (R) { option (sluice.v1.stream) = { cursor: "id" resume: "id" }; }
       rpc O(Q) returns (R) { option (sluice.v1.file) = { data: "id" }; }
       rpc P(Q) returns (R) { option (sluice.v1.file) = { data: "more" }; }
       rpc X(Q) returns (R) { option (google.api.http) = { get: "/a/x:{id}" }; }
       rpc Y(Q) returns (R) { option (google.api.http) = { get: "/t.S/A" }; }
       rpc Z(Q) returns (R) { option (google.api.http) = { get: "/t.S2/A" additional_bindings { post: "/t.S/Z" body: "*" } additional_bindings { get: "/_sluice/{id}" } additional_bindings { get: "/_sluice/x/**" } additional_bindings { get: "/_sluice" } additional_bindings { get: "/t.S2/A/x" } additional_bindings { get: "/t.S2/A:x" } }; }
     }
     service S2 { rpc A(Q) returns (R); }`,
  );
  t.same(
    schema.methods.get('/t.S/Z')?.bindings.map(({ template }) => template),
    ['/t.S/Z', '/_sluice', '/t.S2/A/x', '/t.S2/A:x'],
  );
  const wanted: RegExp[] = [
    /^t\.S\/A: the http rule "GET \/a\/\{nope\}": the variable "nope": t\.Q has no field "nope"$/,
    /^t\.S\/B: .*"tags" must be a single scalar or enum field/,
    /^t\.S\/C: .*"sub" must be a single scalar/,
    /^t\.S\/D: .*"tags" is no single message/,
    /^t\.S\/E: .*body: t\.Q has no field "nope"/,
    /^t\.S\/F: .*response_body: t\.R has no field "nope"/,
    /^t\.S\/G: .*GET has no body/,
    /^t\.S\/H: the http rule "GET \/a2\/\{sub\.id\}" is taken by t\.S\/A/,
    /^t\.S\/I: the http rule without a path/,
    /^t\.S\/J: .*cannot have additional_bindings/,
    /^t\.S\/K: .*is no HTTP method/,
    /^t\.S\/L: \(sluice\.v1\.stream\): resume: t\.Q has no single scalar field "nope"/,
    /^t\.S\/M: \(sluice\.v1\.stream\): cursor: t\.R has no single scalar field "list"/,
    /^t\.S\/N: .*does not stream/,
    /^t\.S\/O: \(sluice\.v1\.file\): neither t\.Q nor t\.R has a single bytes field "id"/,
    /^t\.S\/X: /,
    /^t\.S\/Y: the http rule "GET \/t\.S\/A" is taken by the gRPC path of t\.S\/A/,
    /^t\.S\/Z: the http rule "GET \/t\.S2\/A" is taken by the gRPC path of t\.S2\/A/,
    /^t\.S\/Z: the http rule "GET \/_sluice\/\{id\}" is taken by the gateway/,
    /^t\.S\/Z: the http rule "GET \/_sluice\/x\/\*\*" is taken by the gateway/,
  ];
  t.equal(schema.problems.length, wanted.length, schema.problems.join('\n'));
  for (const [index, pattern] of wanted.entries()) t.match(schema.problems[index], pattern);
  t.equal(schema.methods.size, 20, 'every method keeps its gRPC path');
  t.equal(schema.routes.match('GET', '/a2/5')?.method.name, 'A', 'the first rule wins');
  t.equal(schema.routes.match('GET', '/j')?.method.name, 'J');
  t.equal(method(schema, '/t.S/H').bindings.length, 0, 'a path that cannot match is not shown');
  t.equal(method(schema, '/t.S/O').file, false);
  t.equal(method(schema, '/t.S/O').upload, undefined, 'two bytes fields: none is the content');
  t.equal(method(schema, '/t.S/P').upload?.path[0]?.name, 'more');
});

t.test('HttpBody and a lone bytes field are found', async (t) => {
  const schema = await schemaFromText(
    t,
    `import "google/api/httpbody.proto";
     message Q { string id = 1; bytes only = 2; repeated bytes many = 3; }
     service S { rpc A(Q) returns (stream google.api.HttpBody); rpc B(stream google.api.HttpBody) returns (Q); rpc C(Q) returns (Q); }`,
  );
  t.equal(method(schema, '/t.S/A').download?.path[0]?.name, 'data');
  t.equal(method(schema, '/t.S/A').file, true);
  t.equal(method(schema, '/t.S/B').upload?.path[0]?.name, 'data');
  t.equal(method(schema, '/t.S/C').upload?.path[0]?.name, 'only');
  t.equal(method(schema, '/t.S/C').file, false, 'a bytes field alone does not make a file');
});

t.test('an option of somebody else under our number is not ours', async (t) => {
  const [stream, file] = ['stream', 'file'].map(
    (name) => baseFiles().registry.getExtension(`sluice.v1.${name}`)?.number,
  );
  const folder = t.testdir({
    'x.proto': `syntax = "proto3"; package x; import "google/protobuf/descriptor.proto";
      extend google.protobuf.MethodOptions { string acme = ${stream}; uint32 acme2 = ${file}; }
      message M { int32 id = 1; }
      service S { rpc A(M) returns (stream M) { option (acme) = "\\n\\002id"; option (acme2) = 7; } }`,
  });
  const schema = schemaFromDescriptorSet(
    await descriptorSetFromProtoFiles([join(folder, 'x.proto')], [folder]),
  );
  t.equal(method(schema, '/x.S/A').resume, undefined);
  t.same(schema.problems, []);
});

t.test('an http option that is not an HttpRule is a problem of its method', async (t) => {
  const folder = t.testdir({
    'x.proto': `syntax = "proto3"; package x; import "google/protobuf/descriptor.proto";
      extend google.protobuf.MethodOptions { bytes http = 72295728; }
      message M { int32 id = 1; }
      service S { rpc A(M) returns (M) { option (http) = "\\022\\377"; } rpc B(M) returns (M); }`,
  });
  const schema = schemaFromDescriptorSet(
    await descriptorSetFromProtoFiles([join(folder, 'x.proto')], [folder]),
  );
  t.equal(schema.methods.size, 2);
  t.match(schema.problems, [/^x\.S\/A: the option google\.api\.http cannot be read/]);
});
