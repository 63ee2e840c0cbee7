import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder `proto/` of this package, found by walking up from this file, so that it is the same from the source and from
 * `dist/`. Throws when the package was taken apart.
 */
export function protoFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  for (let folder = here; ; folder = dirname(folder)) {
    const candidate = join(folder, 'proto');
    if (existsSync(join(candidate, 'streaming.proto'))) return candidate;
    if (folder === dirname(folder))
      throw new Error(`no proto/streaming.proto in ${here} or any folder above it`);
  }
}
