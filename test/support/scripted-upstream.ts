import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import {
  Metadata as GrpcMetadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
} from '@grpc/grpc-js';
import { Code, type CodeName, type Metadata } from '../../gateway/status/index.js';

/**
 * What a service does with one call, in order. At the end of the script the call ends with OK.
 *
 *     { in: 2 }                 waits for two more messages; otherwise only the library's 16 are read ahead
 *     { in: 'end' }             reads until the client has half-closed
 *     { out: bytes, times: 9 }  sends, each write only when there is room
 *     { echo: true }            sends back whatever comes, until the client has half-closed
 *     { headers: [['a', 'b']] } sends the initial metadata now, not with the first message
 *     { wait: promise }         waits
 *     { pauseMs: 5 }            waits so long
 *     { status: 'NOT_FOUND' }   ends the call
 */
export type Step =
  | { readonly in: number | 'end' }
  | { readonly out: Uint8Array; readonly times?: number }
  | { readonly echo: true }
  | { readonly headers: Metadata }
  | { readonly wait: Promise<unknown> }
  | { readonly pauseMs: number }
  | {
      readonly status: CodeName;
      readonly message?: string;
      /** The bytes of a google.rpc.Status, for `grpc-status-details-bin`. */
      readonly details?: Uint8Array;
      readonly trailers?: Metadata;
    };

/** What the service saw of one call. */
export interface ScriptedCall {
  /** As received, in the library's order; `-bin` values as base64. */
  readonly metadata: Metadata;
  /** Whether the client sent a deadline, which the library takes out of the metadata. */
  readonly hasDeadline: boolean;
  readonly received: readonly Uint8Array[];
  /** Messages whose write was taken: stops growing when the gateway stops reading. */
  readonly accepted: number;
  readonly halfClosed: boolean;
  /** The client went away before the script had ended. */
  readonly cancelled: boolean;
  /** Resolves when the script has ended or the client has gone. */
  readonly over: Promise<void>;
  readonly isOver: boolean;
}

export interface ScriptedUpstream {
  /** "127.0.0.1:port" */
  readonly target: string;
  /** The calls of a method so far. */
  calls(method: string): readonly ScriptedCall[];
  /** The nth call of a method, as soon as it has come. */
  call(method: string, index?: number): Promise<ScriptedCall>;
  /** Ends everything at once. */
  close(): void;
}

/** Method path ("/pkg.Service/Method") to script; a function gives each call its own, by its metadata. */
export type Scripts = Readonly<Record<string, readonly Step[] | ((metadata: Metadata) => readonly Step[])>>;

/**
 * A real gRPC server on a free port of 127.0.0.1 that plays scripts with bytes of any meaning; every method is
 * served as bidirectional, which fits every kind. Close it in a teardown.
 */
export async function openScriptedUpstream(
  scripts: Scripts,
  credentials: ServerCredentials = ServerCredentials.createInsecure(),
  address = '127.0.0.1:0',
): Promise<ScriptedUpstream> {
  const server = new Server({ 'grpc.max_receive_message_length': -1 });
  const calls = new Map<string, RunningCall[]>();
  const waiting: { method: string; index: number; resolve: (call: ScriptedCall) => void }[] = [];
  for (const [method, script] of Object.entries(scripts)) {
    const seen: RunningCall[] = [];
    calls.set(method, seen);
    server.addService(
      { [method]: definition(method) },
      {
        [method]: (stream: ServerDuplexStream<Buffer, Buffer>) => {
          const call = new RunningCall(stream);
          seen.push(call);
          for (const one of waiting) {
            if (one.method === method && one.index === seen.length - 1) one.resolve(call);
          }
          void call.play(typeof script === 'function' ? script(call.metadata) : script);
        },
      },
    );
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return {
    target: `${address.split(':')[0]}:${port}`,
    calls: (method) => calls.get(method) ?? [],
    call(method, index = 0) {
      const call = calls.get(method)?.[index];
      if (call) return Promise.resolve(call);
      return new Promise((resolve) => waiting.push({ method, index, resolve }));
    },
    close: () => server.forceShutdown(),
  };
}

const asIs = (bytes: Buffer): Buffer => bytes;

function definition(path: string): MethodDefinition<Buffer, Buffer> {
  return {
    path,
    requestStream: true,
    responseStream: true,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
}

class RunningCall implements ScriptedCall {
  readonly metadata: Metadata;
  readonly hasDeadline: boolean;
  readonly received: Buffer[] = [];
  accepted = 0;
  halfClosed = false;
  cancelled = false;
  isOver = false;
  readonly over: Promise<void>;
  readonly #stream: ServerDuplexStream<Buffer, Buffer>;
  #markOver!: () => void;
  /** Wakes whatever the script waits for: a message, room, the end. */
  #wake: () => void = () => {};

  constructor(stream: ServerDuplexStream<Buffer, Buffer>) {
    this.#stream = stream;
    this.metadata = pairs(stream.metadata);
    this.hasDeadline = stream.getDeadline() !== Number.POSITIVE_INFINITY;
    this.over = new Promise((resolve) => {
      this.#markOver = () => {
        this.isOver = true;
        resolve();
      };
    });
    stream.on('error', () => {});
    stream.on('cancelled', () => {
      this.cancelled = true;
      this.#wake();
      this.#markOver();
    });
    // grpc-js says 'end' for a reset stream as well, two turns before it says 'cancelled'.
    stream.on('end', async () => {
      await turn();
      await turn();
      this.halfClosed = !this.cancelled;
      this.#wake();
    });
    for (const event of ['readable', 'drain']) stream.on(event, () => this.#wake());
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if (this.cancelled) return;
      if ('in' in step) {
        for (let n = 0; step.in === 'end' || n < step.in; n++) if (!(await this.#next())) break;
      } else if ('out' in step) {
        for (let n = 0; n < (step.times ?? 1); n++) if (!(await this.#send(step.out))) return;
      } else if ('echo' in step) {
        for (let message = await this.#next(); message; message = await this.#next())
          await this.#send(message);
      } else if ('headers' in step) {
        this.#stream.sendMetadata(grpcMetadata(step.headers));
      } else if ('wait' in step) {
        await Promise.race([step.wait, this.over]);
      } else if ('pauseMs' in step) {
        await delay(step.pauseMs);
      } else {
        return this.#end(step);
      }
    }
    if (!this.cancelled) this.#end({ status: 'OK' });
  }

  async #next(): Promise<Buffer | undefined> {
    for (;;) {
      if (this.cancelled) return undefined;
      const message = this.#stream.read() as Buffer | null;
      if (message !== null) {
        this.received.push(message);
        return message;
      }
      if (this.halfClosed) return undefined;
      await this.#event();
    }
  }

  async #send(message: Uint8Array): Promise<boolean> {
    while (this.#stream.writableNeedDrain && !this.cancelled) await this.#event();
    if (this.cancelled) return false;
    this.#stream.write(Buffer.from(message.buffer, message.byteOffset, message.byteLength));
    this.accepted++;
    return true;
  }

  #event(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #end(step: Extract<Step, { status: CodeName }>): void {
    const trailers = grpcMetadata(step.trailers ?? []);
    if (step.details) trailers.add('grpc-status-details-bin', Buffer.from(step.details));
    const code = Code[step.status];
    if (code === Code.OK) this.#stream.end(trailers);
    else {
      this.#stream.emit('error', { code, details: step.message ?? '', metadata: trailers });
    }
    this.#markOver();
  }
}

function grpcMetadata(from: Metadata): GrpcMetadata {
  const metadata = new GrpcMetadata();
  for (const [name, value] of from) {
    metadata.add(name, name.endsWith('-bin') ? Buffer.from(value, 'base64') : value);
  }
  return metadata;
}

function pairs(metadata: GrpcMetadata): Metadata {
  return Object.entries(metadata.toJSON()).flatMap(([name, values]) =>
    values.map((value) => [name, typeof value === 'string' ? value : value.toString('base64')] as const),
  );
}
