import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { Test } from 'tap';

export const tickProto = fileURLToPath(new URL('./tick.proto', import.meta.url));
const PROTOS = fileURLToPath(new URL('../../../proto', import.meta.url));

interface TickRequest {
  readonly perSecond: number;
  readonly total: number;
  readonly after: number;
}

const SYMBOLS = ['AAPL', 'MSFT', 'GOOG'];
/** How often ticks that are due are sent, in milliseconds. */
const EVERY_MS = 10;

/** A gRPC service that sends numbered ticks at the rate that a request asks for, as far as they are taken. Ends with the test. */
export async function openTickService(
  t: Pick<Test, 'teardown'>,
): Promise<{ address: string; calls(): number }> {
  const loaded = grpc.loadPackageDefinition(
    loadSync(tickProto, { includeDirs: [PROTOS], longs: Number, defaults: true }),
  ) as unknown as { tick: { v1: { Ticker: grpc.ServiceClientConstructor } } };
  let calls = 0;
  const server = new grpc.Server();
  server.addService(loaded.tick.v1.Ticker.service, {
    async Ticks(call: grpc.ServerWritableStream<TickRequest, unknown>) {
      calls += 1;
      const { perSecond, total, after } = call.request;
      const left = new AbortController();
      call.on('cancelled', () => left.abort());
      const startMs = performance.now();
      let number = after;
      while (number < total && !left.signal.aborted) {
        const due = Math.min(total, after + Math.floor(((performance.now() - startMs) * perSecond) / 1000));
        while (number < due && !left.signal.aborted) {
          number += 1;
          const symbol = SYMBOLS[number % SYMBOLS.length];
          const price = 100 + (number % 3) * 20 + Math.sin(number / 200) * 8;
          if (!call.write({ symbol, price, number }))
            await once(call, 'drain', { signal: left.signal }).catch(() => undefined);
        }
        if (number < total) await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      }
      if (!left.signal.aborted) call.end();
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  t.teardown(() => server.forceShutdown());
  return { address: `127.0.0.1:${port}`, calls: () => calls };
}
