import { EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

export const echoProto = fileURLToPath(new URL('./echo.proto', import.meta.url));

interface Line {
  readonly text?: string;
  readonly number?: number;
}

/** A real gRPC service that neither the core nor the gateway has ever heard of. */
export async function openEchoService() {
  const loaded = grpc.loadPackageDefinition(loadSync(echoProto, { longs: Number })) as unknown as {
    demo: { v1: { Echo: grpc.ServiceClientConstructor } };
  };
  /** What the service saw: how many lines of Count were taken from it, and how many calls were cancelled. */
  const seen = { written: 0, cancelled: 0 };
  const events = new EventEmitter();
  const server = new grpc.Server();
  server.addService(loaded.demo.v1.Echo.service, {
    Say(call: grpc.ServerUnaryCall<Line, Line>, callback: grpc.sendUnaryData<Line>) {
      if (call.request.text === 'fail') {
        callback({ code: grpc.status.FAILED_PRECONDITION, details: '<b>not</b> now' });
        return;
      }
      callback(null, { text: `${call.metadata.get('who')[0] ?? 'nobody'} said ${call.request.text ?? ''}` });
    },
    async Count(call: grpc.ServerWritableStream<Line, Line>) {
      const left = new AbortController();
      call.on('cancelled', () => {
        seen.cancelled += 1;
        events.emit('change');
        left.abort();
      });
      const text = call.request.text ?? '';
      for (let number = 1; !left.signal.aborted; number += 1) {
        seen.written = number;
        events.emit('change');
        if (!call.write({ number, text }))
          await once(call, 'drain', { signal: left.signal }).catch(() => undefined);
      }
    },
    Join(call: grpc.ServerReadableStream<Line, Line>, callback: grpc.sendUnaryData<Line>) {
      const texts: string[] = [];
      call.on('data', (line: Line) => texts.push(line.text ?? ''));
      call.on('end', () => callback(null, { text: texts.join('+'), number: texts.length }));
    },
    Talk(call: grpc.ServerDuplexStream<Line, Line>) {
      call.on('cancelled', () => {
        seen.cancelled += 1;
        events.emit('change');
      });
      call.on('data', (line: Line) => {
        call.write({ text: `echo of ${line.text ?? ''}` });
        if (line.text === 'fail') call.emit('error', { code: grpc.status.ABORTED, details: 'as you wish' });
      });
      call.on('end', () => call.end());
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    address: `127.0.0.1:${port}`,
    seen,
    /** Resolves when the service has seen so much, and at once when it has already. */
    async until(holds: () => boolean) {
      while (!holds()) await once(events, 'change');
    },
    close: () => server.forceShutdown(),
  };
}
