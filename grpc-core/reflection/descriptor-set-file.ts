import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../rpc/index.js';

/** The descriptor set that the build makes of proto/. Throws a clear line when it is missing. */
export function readDescriptorSet(): Uint8Array {
  const file = join(packageRoot(), 'dist', 'proto', 'sluice.binpb');
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new Error('dist/proto/sluice.binpb is missing: run `npm run build` once', { cause });
  }
}
