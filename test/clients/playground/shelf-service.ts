import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { Test } from 'tap';

export const shelfProto = fileURLToPath(new URL('./shelf.proto', import.meta.url));
const PROTOS = fileURLToPath(new URL('../../../proto', import.meta.url));
const PIECE = Buffer.alloc(64 * 1024, 'Sluice');

interface Part {
  readonly about?: { readonly name: string };
  readonly chunk?: Buffer;
  readonly contentType?: string;
  readonly data?: Buffer;
}

interface Wanted {
  readonly bytes: number;
}

/** A service that takes files and forgets them, and makes others up. It counts what has come, and what has been taken. Ends with the test. */
export async function openShelfService(t: Pick<Test, 'teardown'>) {
  const seen = { received: 0, sent: 0, cancelled: 0 };
  const loaded = grpc.loadPackageDefinition(
    loadSync(shelfProto, { includeDirs: [PROTOS], longs: Number, defaults: false }),
  ) as unknown as { shelf: { v1: { Shelf: grpc.ServiceClientConstructor } } };
  const take = async (
    call: grpc.ServerReadableStream<Part, unknown>,
    answer: grpc.sendUnaryData<unknown>,
  ) => {
    const hash = createHash('sha256');
    const stored = { name: '', sha256: '', bytes: 0, messages: 0 };
    try {
      for await (const { about, chunk, contentType, data } of call as AsyncIterable<Part>) {
        const bytes = chunk ?? data ?? Buffer.alloc(0);
        hash.update(bytes);
        stored.name ||= about?.name ?? contentType ?? '';
        stored.bytes += bytes.length;
        stored.messages += 1;
        seen.received += bytes.length;
      }
    } catch {
      // Cancelled.
    }
    if (call.cancelled) seen.cancelled += 1;
    answer(null, { ...stored, sha256: hash.digest('hex') });
  };
  const give = async (call: grpc.ServerWritableStream<Wanted, unknown>) => {
    const left = new AbortController();
    call.on('cancelled', () => left.abort());
    const { bytes } = call.request;
    if (!bytes) return void call.emit('error', { code: grpc.status.NOT_FOUND, details: 'no such shelf' });
    for (let at = 0; at < bytes && !left.signal.aborted; at += PIECE.length) {
      const content = PIECE.subarray(0, Math.min(PIECE.length, bytes - at));
      seen.sent += content.length;
      if (!call.write({ content })) await once(call, 'drain', { signal: left.signal }).catch(() => undefined);
    }
    if (!left.signal.aborted) call.end();
  };
  const server = new grpc.Server();
  server.addService(loaded.shelf.v1.Shelf.service, { Put: take, PutBody: take, Get: give, Take: give });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  t.teardown(() => server.forceShutdown());
  return { address: `127.0.0.1:${port}`, seen };
}
