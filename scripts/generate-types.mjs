// Writes proto/types/ from proto/streaming.proto with the generator that belongs to @grpc/proto-loader.
// With a folder as argument it writes there instead, which is how a test sees that the types are current.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);
const manifestFile = require.resolve('@grpc/proto-loader/package.json');
const bin = join(dirname(manifestFile), require(manifestFile).bin['proto-loader-gen-types']);
const outDir = process.argv[2] ?? join(root, 'proto', 'types');

rmSync(outDir, { recursive: true, force: true });
execFileSync(
  process.execPath,
  [
    bin,
    // The same options as grpc-core/rpc/proto-service.ts loads with.
    '--keepCase',
    '--longs=String',
    '--enums=String',
    '--defaults',
    '--oneofs',
    '--grpcLib=@grpc/grpc-js',
    '--importFileExtension=.js',
    `--includeDirs=${join(root, 'proto')}`,
    `--outDir=${outDir}`,
    'streaming.proto',
  ],
  { cwd: root, stdio: 'inherit' },
);

// The generator writes where the sources lie on this machine; that does not belong in the repository.
for (const name of readdirSync(outDir, { recursive: true, encoding: 'utf8' })) {
  if (!name.endsWith('.ts')) continue;
  const file = join(outDir, name);
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(`${root}/`, ''));
}
