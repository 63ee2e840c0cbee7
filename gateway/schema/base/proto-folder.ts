import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SchemaError } from '../problem/index.js';

/** A file that only the right folder has: other packages have a `proto/` too. */
const MARK = join('proto', 'google', 'api', 'http.proto');

/**
 * The folder with our own .proto files. It lies beside the sources and beside `dist/`, so it is found by walking
 * up from this module: the same in a checkout, in an installed package and in an image. Throws `SchemaError`.
 */
export function protoFolder(from: string = fileURLToPath(import.meta.url)): string {
  for (let folder = dirname(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, MARK))) return join(folder, 'proto');
    if (folder === dirname(folder)) {
      throw new SchemaError(
        `the folder "proto" of this package is missing: no ${MARK} above ${dirname(from)}`,
      );
    }
  }
}
