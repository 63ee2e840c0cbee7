import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createFileRegistry, fromBinary, getExtension, hasExtension } from '@bufbuild/protobuf';
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  MethodOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import { Client, credentials, status } from '@grpc/grpc-js';
import t from 'tap';
import { readDescriptorSet } from '../../../grpc-core/reflection/descriptor-set-file.js';
import { indexDescriptors } from '../../../grpc-core/reflection/descriptors.js';
import { reflectionHandler } from '../../../grpc-core/reflection/reflection-handler.js';
import { packageRoot } from '../../../grpc-core/rpc/proto-service.js';
import { clientDefinition } from '../client-definition.js';
import { startCore, temporaryFolder } from '../core-fixture.js';

interface Answer {
  readonly valid_host: string;
  readonly original_request: object;
  readonly message_response: string;
  readonly file_descriptor_response?: { readonly file_descriptor_proto: readonly Buffer[] };
  readonly all_extension_numbers_response?: {
    readonly base_type_name: string;
    readonly extension_number: number[];
  };
  readonly list_services_response?: { readonly service: ReadonlyArray<{ readonly name: string }> };
  readonly error_response?: { readonly error_code: number; readonly error_message: string };
}

/** Asks a core for each of these, on one stream. */
async function ask(
  t: Parameters<typeof startCore>[0],
  version: string,
  requests: readonly object[],
): Promise<Answer[]> {
  const { core } = await startCore(t);
  const service = `grpc.reflection.${version}.ServerReflection`;
  const method = clientDefinition(
    `grpc/reflection/${version}/reflection.proto`,
    service,
  ).ServerReflectionInfo;
  if (method === undefined) throw new Error('no method');
  const client = new Client(core.address, credentials.createInsecure());
  t.teardown(() => client.close());
  const definition = method as unknown as {
    path: string;
    requestSerialize: (value: object) => Buffer;
    responseDeserialize: (bytes: Buffer) => Answer;
  };
  const call = client.makeBidiStreamRequest(
    definition.path,
    definition.requestSerialize,
    definition.responseDeserialize,
  );
  const answers: Answer[] = [];
  call.on('data', (answer: Answer) => answers.push(answer));
  const ended = new Promise((resolve, reject) => call.on('end', resolve).on('error', reject));
  for (const request of requests) call.write(request);
  call.end();
  await ended;
  return answers;
}

const built = fromBinary(FileDescriptorSetSchema, readDescriptorSet());

for (const version of ['v1', 'v1alpha']) {
  t.test(`${version}: files come with their imports, byte for byte, and load in a registry`, async (t) => {
    const [byName, bySymbol] = await ask(t, version, [
      { host: 'h', file_by_filename: 'streaming.proto' },
      { file_containing_symbol: 'streaming.StreamingService' },
    ]);
    t.match(byName, { valid_host: 'h', original_request: { file_by_filename: 'streaming.proto' } });
    const files = byName?.file_descriptor_response?.file_descriptor_proto ?? [];
    t.strictSame(bySymbol?.file_descriptor_response?.file_descriptor_proto, files);
    const set = readDescriptorSet();
    for (const file of files) t.ok(Buffer.from(set).includes(file), 'the bytes are in the built set');
    const parsed = files.map((file) => fromBinary(FileDescriptorProtoSchema, file));
    t.strictSame(parsed.map(({ name }) => name).sort(), [
      'google/api/annotations.proto',
      'google/api/http.proto',
      'google/protobuf/descriptor.proto',
      'google/protobuf/timestamp.proto',
      'sluice/v1/options.proto',
      'streaming.proto',
    ]);
    t.equal(parsed[0]?.name, 'streaming.proto', 'the file that was asked for is the first');
    for (const file of parsed) {
      t.strictSame(
        file,
        built.file.find(({ name }) => name === file.name),
        `${file.name} is as built`,
      );
    }
    // A registry wants imports before what imports them.
    const inOrder = built.file.flatMap(({ name }) => parsed.filter((file) => file.name === name));
    const registry = createFileRegistry({ ...built, file: inOrder });
    const http = registry.getExtension('google.api.http');
    const quote = registry.getService('streaming.StreamingService')?.method.getStockQuote;
    if (http === undefined || quote === undefined) return t.fail('not in the registry');
    const { options } = quote.proto;
    t.ok(
      options !== undefined &&
        options.$typeName === MethodOptionsSchema.typeName &&
        hasExtension(options, http),
    );
    t.match(options === undefined ? {} : getExtension(options, http), {
      pattern: { case: 'get', value: '/v1/stocks/{symbol}' },
    });
  });

  t.test(`${version}: every kind of name is found`, async (t) => {
    const symbols = [
      ['streaming.StreamingService', 'streaming.proto'],
      ['streaming.StreamingService.Chat', 'streaming.proto'],
      ['streaming.StockPrice', 'streaming.proto'],
      ['.streaming.StockPrice', 'streaming.proto'],
      ['streaming.StockPrice.price', 'streaming.proto'],
      ['streaming.ChatEvent', 'streaming.proto'],
      ['streaming.CHAT_EVENT_JOINED', 'streaming.proto'],
      ['streaming.GameState.PlayersEntry', 'streaming.proto'],
      ['google.protobuf.FieldDescriptorProto.Type', 'google/protobuf/descriptor.proto'],
      ['google.protobuf.FieldDescriptorProto.TYPE_BOOL', 'google/protobuf/descriptor.proto'],
      ['google.api.HttpRule.pattern', 'google/api/http.proto'],
      ['google.api.http', 'google/api/annotations.proto'],
      ['sluice.v1.stream', 'sluice/v1/options.proto'],
      ['grpc.health.v1.Health', 'grpc/health/v1/health.proto'],
      [`grpc.reflection.${version}.ServerReflection`, `grpc/reflection/${version}/reflection.proto`],
    ] as const;
    const answers = await ask(
      t,
      version,
      symbols.map(([symbol]) => ({ file_containing_symbol: symbol })),
    );
    const found = answers.map(
      ({ file_descriptor_response: found }) =>
        fromBinary(FileDescriptorProtoSchema, found?.file_descriptor_proto[0] ?? new Uint8Array()).name,
    );
    t.strictSame(
      found,
      symbols.map(([, file]) => file),
    );
  });

  t.test(`${version}: extensions and services are listed`, async (t) => {
    const type = 'google.protobuf.MethodOptions';
    const [extension, numbers, none, services] = await ask(t, version, [
      { file_containing_extension: { containing_type: type, extension_number: 50_810 } },
      { all_extension_numbers_of_type: type },
      { all_extension_numbers_of_type: 'streaming.StockPrice' },
      { list_services: '*' },
    ]);
    const file = extension?.file_descriptor_response?.file_descriptor_proto[0] ?? new Uint8Array();
    t.equal(fromBinary(FileDescriptorProtoSchema, file).name, 'sluice/v1/options.proto');
    t.strictSame(numbers?.all_extension_numbers_response, {
      base_type_name: type,
      extension_number: [50_810, 50_811, 50_812, 50_813, 50_814, 72_295_728],
    });
    t.strictSame(none?.all_extension_numbers_response?.extension_number, []);
    t.strictSame(services?.list_services_response?.service, [
      { name: 'grpc.health.v1.Health' },
      { name: 'grpc.reflection.v1.ServerReflection' },
      { name: 'grpc.reflection.v1alpha.ServerReflection' },
      { name: 'streaming.StreamingService' },
    ]);
  });

  t.test(`${version}: what is unknown is an answer, and the stream goes on`, async (t) => {
    const answers = await ask(t, version, [
      { file_by_filename: 'nothing.proto' },
      { file_by_filename: '__proto__' },
      { file_containing_symbol: 'streaming.Nothing' },
      { file_containing_symbol: '' },
      {
        file_containing_extension: { containing_type: 'google.protobuf.MethodOptions', extension_number: 1 },
      },
      { all_extension_numbers_of_type: 'no.Type' },
      {},
      { file_by_filename: 'streaming.proto' },
    ]);
    t.strictSame(
      answers.map(({ error_response: error }) => error?.error_code),
      [...Array(6).fill(status.NOT_FOUND), status.INVALID_ARGUMENT, undefined],
    );
    t.equal(answers[2]?.error_response?.error_message, 'there is no symbol streaming.Nothing');
    t.equal(answers.at(-1)?.message_response, 'file_descriptor_response');
  });
}

t.test('a foreign client reads the service through reflection and calls it', async (t) => {
  const python = '/usr/bin/python3';
  const usable = (command: string, args: string[]): boolean => {
    try {
      execFileSync(command, args, { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };
  if (
    !existsSync(python) ||
    !usable(python, ['-c', 'import grpc, google.protobuf']) ||
    !usable('protoc', ['--version'])
  ) {
    t.pass('skipped: python3-grpcio, python3-protobuf and protoc are needed for the foreign client', {
      skip: 'python3-grpcio, python3-protobuf or protoc is missing',
    });
    return;
  }
  const folder = join(await temporaryFolder(t), 'py');
  await mkdir(folder);
  const { core } = await startCore(t);
  execFileSync('protoc', [
    `-I${join(packageRoot(), 'proto')}`,
    `--python_out=${folder}`,
    'grpc/reflection/v1/reflection.proto',
  ]);
  const script = `
import sys, importlib.util, grpc
from google.protobuf import descriptor_pb2, descriptor_pool
# Not through the package "grpc", which is the library.
spec = importlib.util.spec_from_file_location('reflection_pb2', sys.argv[2] + '/grpc/reflection/v1/reflection_pb2.py')
r = importlib.util.module_from_spec(spec); spec.loader.exec_module(r)
channel = grpc.insecure_channel(sys.argv[1])
info = channel.stream_stream('/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  request_serializer=r.ServerReflectionRequest.SerializeToString, response_deserializer=r.ServerReflectionResponse.FromString)
answer = next(info(iter([r.ServerReflectionRequest(file_containing_symbol='streaming.StreamingService')]), timeout=60))
files = {}
for raw in answer.file_descriptor_response.file_descriptor_proto:
  f = descriptor_pb2.FileDescriptorProto.FromString(raw); files[f.name] = f
pool = descriptor_pool.DescriptorPool()
def add(name):
  if name in files:
    f = files.pop(name)
    for d in f.dependency: add(d)
    pool.Add(f)
for name in list(files): add(name)
service = pool.FindServiceByName('streaming.StreamingService')
method = service.FindMethodByName('GetStockQuote')
try:
  from google.protobuf.message_factory import GetMessageClass
except ImportError:
  from google.protobuf.message_factory import MessageFactory
  GetMessageClass = MessageFactory(pool).GetPrototype
Request, Response = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
quote = channel.unary_unary('/streaming.StreamingService/GetStockQuote', Request.SerializeToString, Response.FromString)(Request(symbol='AAPL'), timeout=60)
print(len(service.methods), quote.symbol, quote.price > 0)
`;
  const { execFile } = await import('node:child_process');
  const output = await new Promise<string>((resolve, reject) => {
    execFile(python, ['-c', script, core.address, folder], { timeout: 120_000 }, (error, stdout, stderr) =>
      error === null ? resolve(stdout) : reject(new Error(stderr)),
    );
  });
  t.equal(output.trim(), '13 AAPL True');
});

t.test('an index keeps the bytes of files it could not have written itself', async (t) => {
  // A file named "x" with an unknown field 1000 that decoding and encoding would move or drop.
  const file = Buffer.from([0xc2, 0x3e, 0x01, 0x41, 0x0a, 0x01, 0x78]);
  const set = Buffer.concat([Buffer.from([0x0a, file.length]), file, Buffer.from([0x10, 0x05])]);
  t.strictSame(Buffer.from(indexDescriptors(set).file('x')?.[0] ?? []), file);
});

t.test('an index is made when a client asks, not at the start', async (t) => {
  let made = 0;
  const handler = reflectionHandler(async () => {
    made += 1;
    return indexDescriptors(Buffer.alloc(0));
  }, ['a.B']);
  t.equal(made, 0);
  t.type(handler, 'function');
});
