import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import t from 'tap';
import { baseFiles } from '../../../../gateway/schema/base/base-files.js';
import { protoFolder } from '../../../../gateway/schema/base/proto-folder.js';
import { baseSetBytes } from '../../../../scripts/base-set.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../../..');
const built = join(root, 'dist/gateway/schema/base/base-files.js');

t.test('the types that every schema may lean on are there', async (t) => {
  const { registry, byName } = baseFiles();
  for (const name of [
    'google.rpc.BadRequest',
    'google.rpc.RetryInfo',
    'google.rpc.ErrorInfo',
    'google.rpc.Status',
    'google.api.HttpBody',
    'google.protobuf.Timestamp',
    'google.protobuf.Struct',
    'grpc.reflection.v1.ServerReflectionRequest',
    'grpc.reflection.v1alpha.ServerReflectionRequest',
  ]) {
    t.equal(registry.getMessage(name)?.typeName, name);
  }
  t.equal(registry.getExtension('google.api.http')?.number, 72295728);
  for (const option of ['stream', 'file', 'example']) {
    t.equal(registry.getExtension(`sluice.v1.${option}`)?.extendee.typeName, 'google.protobuf.MethodOptions');
  }
  t.ok(byName.has('google/protobuf/descriptor.proto'));
  t.equal(baseFiles(), baseFiles(), 'made once');
});

t.test('proto/base.binpb is what the files of proto/ and the installed well-known types give', async (t) => {
  const kept = readFileSync(join(protoFolder(), 'base.binpb'));
  t.ok(kept.equals(baseSetBytes()), 'proto/base.binpb is stale: run `npm run generate`');
});

t.test('the proto folder is found from the sources, and from dist past its own proto folder', async (t) => {
  const folder = t.testdir({
    proto: { google: { api: { 'http.proto': '' } } },
    gateway: { schema: {} },
    dist: { proto: { 'sluice.binpb': '' }, gateway: { schema: {} } },
  });
  t.equal(protoFolder(join(folder, 'gateway/schema/proto-folder.js')), join(folder, 'proto'));
  t.equal(protoFolder(join(folder, 'dist/gateway/schema/proto-folder.js')), join(folder, 'proto'));
  t.equal(protoFolder(), join(root, 'proto'));
  t.throws(() => protoFolder('/nowhere/at/all/x.js'), { name: 'SchemaError', message: /is missing/ });
});

t.test('the built gateway finds them too', { skip: !existsSync(built) && 'dist is not built' }, async (t) => {
  const program = `import(${JSON.stringify(pathToFileURL(built).href)}).then(m => console.log(m.baseFiles().byName.size))`;
  const out = execFileSync(process.execPath, ['-e', program], { cwd: '/', encoding: 'utf8' });
  t.equal(Number(out), baseFiles().byName.size);
});
