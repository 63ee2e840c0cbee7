import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadSync, type Options } from '@grpc/proto-loader';
import type { StreamingServiceDefinition } from '../../proto/types/streaming/StreamingService.js';
import type { ServiceDefinition } from './definition.js';

/**
 * The package's root: the nearest folder above this file that holds `proto/streaming.proto`. The same from source and from
 * `dist/` of an installed package. Throws when there is none.
 */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'proto', 'streaming.proto'))) {
    const above = dirname(folder);
    if (above === folder)
      throw new Error('proto/streaming.proto is missing: the installation is not complete');
    folder = above;
  }
  return folder;
}

/** How all our protos are loaded; `scripts/generate-types.mjs` generates proto/types with the same options. */
const loadOptions: Options = { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true };

/**
 * A service of a `.proto` file below proto/, for example `loadService('streaming.proto', 'streaming.StreamingService')`.
 * Throws when the file or the service is missing.
 */
export function loadService(file: string, service: string): ServiceDefinition {
  const definitions = loadSync(file, { ...loadOptions, includeDirs: [join(packageRoot(), 'proto')] });
  const definition = definitions[service];
  if (definition === undefined || 'format' in definition)
    throw new Error(`${file} has no service ${service}`);
  return definition as ServiceDefinition;
}

/** The core service as grpc-js knows it; its type comes from proto/types. */
export function streamingServiceDefinition(): StreamingServiceDefinition {
  return loadService(
    'streaming.proto',
    'streaming.StreamingService',
  ) as unknown as StreamingServiceDefinition;
}
