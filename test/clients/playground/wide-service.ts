import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { Test } from 'tap';

const SOURCE = fileURLToPath(new URL('./wide.proto', import.meta.url));
const PROTOS = fileURLToPath(new URL('../../../proto', import.meta.url));

/** How many methods it has beside its own two. */
export const MORE_METHODS = 200;

/** A real gRPC service whose messages have every kind of field, with many methods; it sends back what it gets. Ends with the test. */
export async function openWideService(t: Test): Promise<{ address: string; protoFile: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-wide-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const protoFile = join(folder, 'wide.proto');
  const methods = Array.from(
    { length: MORE_METHODS },
    (_, index) => `  rpc Method${index + 1}(Part) returns (Part);`,
  );
  writeFileSync(
    protoFile,
    `${readFileSync(SOURCE, 'utf8')}\n// As large as services become.\nservice Many {\n${methods.join('\n')}\n}\n`,
  );
  const loaded = grpc.loadPackageDefinition(loadSync(protoFile, { includeDirs: [PROTOS] })) as unknown as {
    wide: { v1: Record<'Wide' | 'Many', grpc.ServiceClientConstructor> };
  };
  const server = new grpc.Server();
  for (const { service } of Object.values(loaded.wide.v1)) {
    if (service === undefined) continue;
    // As bytes: what the service knows of its messages is not what is looked at.
    const asBytes = Object.fromEntries(
      Object.entries(service).map(([name, method]) => [
        name,
        {
          ...method,
          requestDeserialize: (bytes: Buffer) => bytes,
          responseSerialize: (bytes: Buffer) => bytes,
        },
      ]),
    ) as grpc.ServiceDefinition;
    server.addService(asBytes, Object.fromEntries(Object.keys(service).map((name) => [name, handler(name)])));
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  t.teardown(() => server.forceShutdown());
  return { address: `127.0.0.1:${port}`, protoFile };
}

function handler(name: string): grpc.UntypedHandleCall {
  if (name !== 'Talk')
    return (call: grpc.ServerUnaryCall<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) =>
      callback(null, call.request);
  return (call: grpc.ServerDuplexStream<Buffer, Buffer>) => {
    call.on('data', (message: Buffer) => call.write(message));
    call.on('end', () => call.end());
  };
}
