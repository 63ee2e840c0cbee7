import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder `proto/` of this package. It is searched upwards from this file, so that the source and `dist/` find the same one.
 * Throws if the package is incomplete.
 */
export function protoFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  for (let folder = here; ; folder = dirname(folder)) {
    const candidate = join(folder, 'proto');
    if (existsSync(join(candidate, 'streaming.proto'))) return candidate;
    if (folder === dirname(folder))
      throw new Error(`${here} and the folders above it have no proto/streaming.proto`);
  }
}
