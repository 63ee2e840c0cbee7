import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { create, fromBinary, type JsonObject, toBinary } from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import t, { type Test } from 'tap';
import { protoFolder } from '../../../../gateway/schema/base/proto-folder.js';
import {
  descriptorSetFromProtoFiles,
  descriptorSetFromReflection,
  schemaFromDescriptorSet,
  schemaFromReflection,
} from '../../../../gateway/schema/index.js';
import { openGrpcJsTransport } from '../../../../gateway/upstream/grpc-js/index.js';
import { openHttp2Transport } from '../../../../gateway/upstream/index.js';
import { answerFromFiles, openReflection, startReflection } from './reflection-server.js';

const here = dirname(fileURLToPath(import.meta.url));
const python = '/usr/bin/python3';
const hasGrpc = existsSync(python) && spawnSync(python, ['-c', 'import grpc, google.protobuf']).status === 0;

async function ownSet(): Promise<Uint8Array> {
  const folder = protoFolder();
  const names = [
    'streaming.proto',
    'grpc/health/v1/health.proto',
    'grpc/reflection/v1/reflection.proto',
    'grpc/reflection/v1alpha/reflection.proto',
  ];
  return descriptorSetFromProtoFiles(
    names.map((name) => join(folder, name)),
    [folder],
  );
}

async function ownFiles(): Promise<FileDescriptorProto[]> {
  return fromBinary(FileDescriptorSetSchema, await ownSet()).file;
}

/** A signal that ends with the test, so that a hanging exchange fails instead of stopping the run. */
function limit(t: Pick<Test, 'teardown'>): AbortSignal {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), 60_000);
  t.teardown(() => clearTimeout(timer));
  return controller.signal;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

t.test(
  'a server with v1, one with v1alpha only, and one that sends no imports give the same schema',
  async (t) => {
    const files = await ownFiles();
    const reference = schemaFromDescriptorSet(await ownSet());
    for (const [name, versions, alone] of [
      ['both versions', ['v1', 'v1alpha'], false],
      ['v1alpha only', ['v1alpha'], false],
      ['no imports', ['v1'], true],
    ] as const) {
      const { open, calls } = await startReflection(t, {
        versions,
        answer: answerFromFiles(files, { alone }),
      });
      const schema = await schemaFromReflection(open, { signal: limit(t) });
      t.same([...schema.methods.keys()], [...reference.methods.keys()], name);
      t.same(schema.problems, [], name);
      t.equal(
        schema.methods.get('/streaming.StreamingService/GetDataStream')?.resume?.cursor.name,
        'id',
        name,
      );
      t.equal(schema.routes.match('GET', '/v1/stocks/X')?.method.name, 'GetStockQuote', name);
      await until(() => calls.over === calls.opened);
    }
  },
);

t.test('the transports of the gateway carry it', async (t) => {
  const { port, calls } = await startReflection(t, {
    versions: ['v1alpha'],
    answer: answerFromFiles(await ownFiles()),
  });
  for (const openTransport of [openGrpcJsTransport, openHttp2Transport]) {
    const transport = openTransport({ target: `127.0.0.1:${port}` });
    t.teardown(() => transport.close());
    const schema = await schemaFromReflection(
      (path, signal) => transport.open(path, { metadata: [], signal }),
      {
        signal: limit(t),
      },
    );
    t.equal(schema.methods.has('/streaming.StreamingService/Chat'), true, openTransport.name);
    await until(() => calls.over === calls.opened);
  }
});

t.test('the descriptors are kept as the server sent them', async (t) => {
  const files = await ownFiles();
  const { open } = await startReflection(t, { versions: ['v1'], answer: answerFromFiles(files) });
  const set = fromBinary(
    FileDescriptorSetSchema,
    await descriptorSetFromReflection(open, { signal: limit(t) }),
  );
  for (const file of set.file) {
    const original = files.find(({ name }) => name === file.name);
    t.same(
      Buffer.from(toBinary(FileDescriptorProtoSchema, file)),
      original && Buffer.from(toBinary(FileDescriptorProtoSchema, original)),
      file.name,
    );
  }
  t.ok(set.file.some(({ name }) => name === 'streaming.proto'));
});

t.test(
  'a server of grpcio is understood',
  { skip: !hasGrpc && 'python3-grpcio is not installed' },
  async (t) => {
    const folder = t.testdir({});
    writeFileSync(join(folder, 'set.binpb'), await ownSet());
    const services = [
      'streaming.StreamingService',
      'grpc.reflection.v1alpha.ServerReflection',
      'not.Described',
    ];
    const child = spawn(
      python,
      [join(here, 'fixtures/reflection_server.py'), join(folder, 'set.binpb'), 'v1alpha', ...services],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    t.teardown(async () => {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    });
    const [port] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const schema = await schemaFromReflection(openReflection(t, Number(port)), { signal: limit(t) });
    t.same(
      schema.services.map((service) => service.typeName),
      ['streaming.StreamingService'],
    );
    t.match(schema.problems, [/^not\.Described: the server does not describe it: Symbol not found/]);
    t.equal(schema.registry.getMessage('streaming.FileRequest')?.fields[0]?.jsonName, 'filePath');
    t.equal(schema.methods.get('/streaming.StreamingService/UploadFile')?.bindings.length, 2);
    t.equal(schema.routes.match('GET', '/v1/files/a/b')?.pathValues[0]?.value, 'a/b');
  },
);

t.test('only what may be called is asked for', async (t) => {
  const asked: JsonObject[] = [];
  const answer = answerFromFiles(await ownFiles());
  const { open } = await startReflection(t, {
    versions: ['v1'],
    answer(request) {
      asked.push(request);
      return answer(request);
    },
  });
  await schemaFromReflection(open, { signal: limit(t), services: ['grpc.health.v1.Health'] });
  t.same(asked, [{ listServices: '' }, { fileContainingSymbol: 'grpc.health.v1.Health' }]);
  asked.length = 0;
  await schemaFromReflection(open, { signal: limit(t) });
  t.notOk(asked.some(({ fileContainingSymbol }) => String(fileContainingSymbol).includes('reflection')));
  await t.rejects(schemaFromReflection(open, { signal: limit(t), services: ['no.Such'] }), {
    name: 'SchemaError',
  });
});

t.test('quirks: the same file again, an import nobody serves, a service nobody describes', async (t) => {
  const files = await ownFiles();
  const answer = answerFromFiles(
    files.filter(({ name }) => !name.startsWith('google/')),
    { alone: true },
  );
  const { open } = await startReflection(t, {
    versions: ['v1'],
    answer(request) {
      const response = answer(request) as {
        listServicesResponse?: { service: object[] };
        fileDescriptorResponse?: { fileDescriptorProto: string[] };
      };
      response.listServicesResponse?.service.push(
        { name: 'ghost.Service' },
        { name: 'streaming.StreamingService' },
      );
      const sent = response.fileDescriptorResponse?.fileDescriptorProto;
      if (sent !== undefined) sent.push(...sent);
      return response as JsonObject;
    },
  });
  const schema = await schemaFromReflection(open, { signal: limit(t) });
  t.equal(schema.methods.has('/streaming.StreamingService/Chat'), true);
  t.match(schema.problems, [/^ghost\.Service: the server does not describe it: no such symbol$/]);
});

t.test('an import that is nowhere matters only where it is needed', async (t) => {
  const file = create(FileDescriptorProtoSchema, {
    name: 'a.proto',
    package: 'a',
    dependency: ['acme/private.proto'],
    messageType: [{ name: 'M' }],
    service: [
      {
        name: 'S',
        method: [
          { name: 'Do', inputType: '.a.M', outputType: '.a.M' },
          { name: 'Secret', inputType: '.a.M', outputType: '.acme.Private' },
        ],
      },
    ],
  });
  const { open } = await startReflection(t, { versions: ['v1'], answer: answerFromFiles([file]) });
  const schema = await schemaFromReflection(open, { signal: limit(t) });
  t.same([...schema.methods.keys()], ['/a.S/Do']);
  t.match(schema.problems, [
    {
      name: 'a.S/Secret',
      reason:
        'no file declares the type ".acme.Private" of its response; missing: the import "acme/private.proto" of a.proto; the server says: no such symbol',
      file: 'a.proto',
    },
  ]);
  t.equal(schema.leftOut.get('/a.S/Secret'), schema.problems[0]);
});

t.test('a server without reflection is UNIMPLEMENTED, one that is not there UNAVAILABLE', async (t) => {
  const { open } = await startReflection(t, { versions: [], answer: () => undefined });
  await t.rejects(schemaFromReflection(open, { signal: limit(t) }), {
    name: 'RpcError',
    code: 12,
    message: /descriptor set/,
  });
  await t.rejects(schemaFromReflection(openReflection(t, 1), { signal: limit(t) }), {
    name: 'RpcError',
    code: 14,
  });
});

t.test('an error of the server is told with its code', async (t) => {
  const { open, calls } = await startReflection(t, {
    versions: ['v1', 'v1alpha'],
    answer(_request, stream) {
      stream.emit('error', { code: 7, details: 'not for you' });
      return undefined;
    },
  });
  await t.rejects(schemaFromReflection(open, { signal: limit(t) }), {
    name: 'RpcError',
    code: 7,
    message: /not for you/,
  });
  t.equal(calls.opened, 1, 'no second version is tried');
  const hanging = await startReflection(t, {
    versions: ['v1'],
    answer(_request, stream) {
      stream.end();
      return undefined;
    },
  });
  await t.rejects(schemaFromReflection(hanging.open, { signal: limit(t) }), {
    name: 'RpcError',
    code: 14,
    message: /ended the call/,
  });
  const refusing = await startReflection(t, {
    versions: ['v1'],
    answer: () => ({ errorResponse: { errorCode: 13, errorMessage: 'broken' } }),
  });
  await t.rejects(schemaFromReflection(refusing.open, { signal: limit(t) }), {
    name: 'SchemaError',
    message: /does not list its services: broken/,
  });
});

t.test('a hostile server is bounded in files and bytes, and garbage is an error', async (t) => {
  const list = { listServicesResponse: { service: [{ name: 'a.S' }] } };
  const endless = (size: number) => {
    let count = 0;
    return (request: JsonObject): JsonObject => {
      if (request.listServices !== undefined) return list;
      count += 1;
      const file = create(FileDescriptorProtoSchema, {
        name: `f${count}.proto`,
        package: 'x'.repeat(size),
        dependency: [`f${count + 1}.proto`],
      });
      return {
        fileDescriptorResponse: {
          fileDescriptorProto: [Buffer.from(toBinary(FileDescriptorProtoSchema, file)).toString('base64')],
        },
      };
    };
  };
  const run = async (
    answer: Parameters<typeof startReflection>[1]['answer'],
    options: object,
    problem: { name?: string; code?: number; message?: RegExp },
  ): Promise<void> => {
    const { open, calls } = await startReflection(t, { versions: ['v1'], answer });
    const error = await schemaFromReflection(open, { signal: limit(t), ...options }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    t.match(error, problem);
    await until(() => calls.over === calls.opened);
  };
  await run(endless(1), { maxFiles: 50 }, { code: 8, message: /more than 50 files/ });
  await run(endless(10_000), { maxBytes: 100_000 }, { code: 8, message: /more than 100000 bytes/ });
  await run(
    () => ({
      listServicesResponse: { service: Array.from({ length: 60 }, (_, index) => ({ name: `s${index}` })) },
    }),
    { maxFiles: 50 },
    { code: 8, message: /more than 50 services/ },
  );
  await run(() => Buffer.from([0xff, 0xff, 0xff]), {}, { name: 'SchemaError', message: /cannot be read/ });
  const file =
    (bytes: Uint8Array) =>
    (request: JsonObject): JsonObject =>
      request.listServices === undefined
        ? { fileDescriptorResponse: { fileDescriptorProto: [Buffer.from(bytes).toString('base64')] } }
        : list;
  await run(file(Buffer.from([0xff, 0xff])), {}, { name: 'SchemaError', message: /cannot be read/ });
  await run(file(new Uint8Array(0)), {}, { name: 'SchemaError', message: /without a name/ });
  await run(
    () => ({ allExtensionNumbersResponse: {} }),
    {},
    { name: 'SchemaError', message: /something else/ },
  );
  await run(() => ({ listServicesResponse: {} }), {}, { name: 'SchemaError' });
  const twice = (request: JsonObject) => (request.listServices === undefined ? undefined : [list, list]);
  await run(twice, { services: ['a.S'] }, { name: 'SchemaError', message: /more answers|no service/ });
});

t.test('a server that never answers is left when the signal says so', async (t) => {
  const { open, calls } = await startReflection(t, { versions: ['v1', 'v1alpha'], answer: () => undefined });
  const controller = new AbortController();
  const waiting = schemaFromReflection(open, { signal: controller.signal });
  await until(() => calls.opened === 1);
  controller.abort();
  await t.rejects(waiting, { name: 'RpcError', code: 1 });
  await until(() => calls.over === 1);
  t.equal(calls.opened, 1);
});
