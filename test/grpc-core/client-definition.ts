import { join } from 'node:path';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { packageRoot } from '../../grpc-core/rpc/proto-service.js';

/** A service of a file below proto/ for clients, by a reader that is not the core's own. */
export function clientDefinition(file: string, service: string): ServiceDefinition {
  const options = { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true };
  const found = loadSync(file, { ...options, includeDirs: [join(packageRoot(), 'proto')] })[service];
  if (found === undefined || 'format' in found) throw new Error(`${file} has no service ${service}`);
  return found;
}
