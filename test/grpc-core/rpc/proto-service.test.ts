import { execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import {
  loadService,
  packageRoot,
  streamingServiceDefinition,
} from '../../../grpc-core/rpc/proto-service.js';
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

t.test('a service that a file does not have is an error', async (t) => {
  t.throws(() => loadService('streaming.proto', 'streaming.Nothing'), /has no service streaming.Nothing/);
  t.throws(() => loadService('streaming.proto', 'streaming.StreamData'), /has no service/);
});
