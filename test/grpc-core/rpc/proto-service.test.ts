import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import {
  loadService,
  packageRoot,
  streamingServiceDefinition,
} from '../../../grpc-core/rpc/proto-service.js';
import { serviceTypesText } from '../../../scripts/service-types.js';
import { clientDefinition } from '../client-definition.js';
import { temporaryFolder } from '../core-fixture.js';

t.test('the generated types are those of the contract', async (t) => {
  const fresh = join(await temporaryFolder(t), 'types');
  execFileSync(process.execPath, [join(packageRoot(), 'scripts', 'generate-types.mjs'), fresh]);
  const committed = join(packageRoot(), 'proto', 'types');
  t.strictSame(await contentsOf(committed), await contentsOf(fresh));
});

async function contentsOf(folder: string): Promise<Record<string, string>> {
  const names = await readdir(folder, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => name.endsWith('.ts')).sort();
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
  return Object.fromEntries(files.map((name, i) => [name, texts[i] ?? '']));
}

t.test('the service has the thirteen methods of the contract', async (t) => {
  t.strictSame(Object.keys(streamingServiceDefinition()).sort(), [
    'BufferedStream',
    'Chat',
    'CollaborativeEdit',
    'CollectSensorData',
    'ControlledStream',
    'DownloadFile',
    'GameSession',
    'GetDataStream',
    'GetStockPrices',
    'GetStockQuote',
    'ProcessBatch',
    'StreamLogs',
    'UploadFile',
  ]);
});

t.test('proto/services.json is what the files of proto/ give', (t) => {
  const kept = readFileSync(join(packageRoot(), 'proto', 'services.json'), 'utf8');
  t.equal(kept, serviceTypesText(), 'run `npm run generate`');
  t.end();
});

const SERVED = [
  ['streaming.proto', 'streaming.StreamingService'],
  ['grpc/health/v1/health.proto', 'grpc.health.v1.Health'],
  ['grpc/reflection/v1/reflection.proto', 'grpc.reflection.v1.ServerReflection'],
  ['grpc/reflection/v1alpha/reflection.proto', 'grpc.reflection.v1alpha.ServerReflection'],
] as const;

t.test('methods and messages are those that proto-loader reads in the files', async (t) => {
  for (const [file, service] of SERVED) {
    const known = clientDefinition(file, service);
    const own = loadService(service);
    t.strictSame(Object.keys(own), Object.keys(known), service);
    for (const [name, method] of Object.entries(own)) {
      const other = known[name];
      if (other === undefined) return;
      t.match(other, {
        path: method.path,
        requestStream: method.requestStream,
        responseStream: method.responseStream,
      });
      await method.prepare();
      t.equal(method.prepare(), undefined, 'prepared once');
      const empty = other.requestSerialize({});
      t.strictSame(method.requestDeserialize(empty), other.requestDeserialize(empty), name);
      const value = (other as unknown as { responseType: { type: MessageShape } }).responseType.type;
      const example = exampleOf(value);
      const bytes = method.responseSerialize(example as never);
      t.same(bytes, other.responseSerialize(example), name);
      t.ok(Buffer.isBuffer(bytes));
    }
  }
});

t.test('fields of every shape are read as proto-loader reads them', async (t) => {
  const other = clientDefinition('streaming.proto', 'streaming.StreamingService');
  const own = loadService('streaming.StreamingService');
  const requests: readonly (readonly [method: string, request: object])[] = [
    ['GetStockQuote', { symbol: 'A' }],
    ['GetStockPrices', { symbols: ['A', 'B'], interval_seconds: -1 }],
    ['StreamLogs', { level: 'ERROR', follow: true }],
    ['UploadFile', { data: Buffer.from([0, 255]), chunk_number: 2, is_last: true }],
    ['CollectSensorData', { temperature: -0.5, timestamp: { seconds: '9007199254740993', nanos: 5 } }],
    ['GameSession', { player_id: 'p', parameters: { a: '1', b: '' } }],
  ];
  for (const [name, request] of requests) {
    await own[name]?.prepare();
    const bytes = other[name]?.requestSerialize(request) ?? Buffer.alloc(0);
    t.ok(bytes.length > 0);
    t.strictSame(own[name]?.requestDeserialize(bytes), other[name]?.requestDeserialize(bytes), name);
  }
});

/** A message as proto-loader describes it. */
interface MessageShape {
  readonly field: readonly { readonly name: string; readonly type: string; readonly label: string }[];
}

/** A value in each field of a plain type. */
function exampleOf({ field }: MessageShape): object {
  const values: Readonly<Record<string, unknown>> = {
    TYPE_STRING: 'text',
    TYPE_INT32: -7,
    TYPE_INT64: '9007199254740993',
    TYPE_DOUBLE: 1.5,
    TYPE_BOOL: true,
    TYPE_BYTES: Buffer.from([1, 2]),
  };
  const known = field.filter(({ type }) => Object.hasOwn(values, type));
  return Object.fromEntries(
    known.map(({ name, type, label }) => [name, label === 'LABEL_REPEATED' ? [values[type]] : values[type]]),
  );
}

t.test('what is not there, or not prepared, is an error', async (t) => {
  t.throws(() => loadService('streaming.Nothing'), /has no service streaming.Nothing/);
  t.throws(() => loadService('toString'), /has no service/);
  const { GetStockQuote } = loadService('streaming.StreamingService');
  t.throws(() => GetStockQuote?.requestDeserialize(Buffer.alloc(0)), /before it is prepared/);
});
