import { randomBytes } from 'node:crypto';
import type { Test } from 'tap';
import type { CallRequest, EvictionCause, RecordingWish } from '../../../../gateway/recording/index.js';
import { Recordings } from '../../../../gateway/recording/record/index.js';
import type { Reader } from '../../../../gateway/recording/record/reader.js';
import type { Method, RecordingRule } from '../../../../gateway/schema/index.js';
import { recordingRule } from '../../../../gateway/schema/index.js';
import { ENDED, type Metadata, RpcError, type Status } from '../../../../gateway/status/index.js';
import { Batch, type Call } from '../../../../gateway/upstream/index.js';
import { schemaFromText } from '../../schema/schema-from-text.js';

const TEXT = `
  message Q { string id = 1; int32 from = 2; }
  message R { string key = 1; int32 number = 2; }
  service S { rpc Watch(Q) returns (stream R); rpc Get(Q) returns (R); rpc Chat(stream Q) returns (stream R);
    rpc Numbers(Q) returns (stream R) { option (sluice.v1.stream) = { cursor: "number" resume: "from" }; } }
`;

/** A call that a test answers. */
export class FakeCall implements Call {
  readonly request: CallRequest;
  readonly sent: Uint8Array[] = [];
  isHalfClosed = false;
  isCancelled = false;
  reads = 0;
  /** Batches whose memory who reads has not given back. */
  held = 0;
  #given: Batch | undefined;
  readonly headers: Promise<Metadata | undefined>;
  readonly status: Promise<Status>;
  #giveHeaders!: (metadata: Metadata) => void;
  #giveStatus!: (status: Status) => void;
  #queue: (Batch | undefined)[] = [];
  #waiting: ((batch: Batch | undefined) => void) | undefined;

  constructor(request: CallRequest) {
    this.request = request;
    this.headers = new Promise((resolve) => {
      this.#giveHeaders = resolve;
    });
    this.status = new Promise((resolve) => {
      this.#giveStatus = resolve;
    });
    this.#giveHeaders([['x-from', 'service']]);
  }

  /** The service sends messages together. */
  send(...messages: Uint8Array[]): void {
    this.#push(Batch.of(messages));
  }

  end(status: Partial<Status> = {}): void {
    this.#giveStatus({ ...ENDED, ...status });
    this.#push(undefined);
  }

  async read(): Promise<Batch | undefined> {
    this.reads += 1;
    this.#given?.settle();
    const batch =
      this.#queue.length > 0
        ? this.#queue.shift()
        : await new Promise<Batch | undefined>((resolve) => {
            this.#waiting = resolve;
          });
    this.#given = batch;
    if (batch !== undefined) {
      this.held += 1;
      batch.owns(() => {
        this.held -= 1;
      });
    }
    return batch;
  }

  write(batch: Parameters<Call['write']>[0]): boolean {
    for (const message of batch) this.sent.push(message as Uint8Array);
    return true;
  }

  halfClose(): void {
    this.isHalfClosed = true;
  }

  cancel(): void {
    if (this.isCancelled) return;
    this.isCancelled = true;
    this.end(new RpcError('CANCELLED', 'cancelled').toStatus());
  }

  #push(batch: Batch | undefined): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#queue.push(batch);
    else waiting(batch);
  }
}

/** Methods of a service, with rules as a test wants them. */
export async function fakeMethods(t: Test) {
  const schema = await schemaFromText(t, TEXT);
  return (name: string, rule: Parameters<typeof recordingRule>[0] = {}): Method => {
    const method = schema.methods.get(`/t.S/${name}`) as Method;
    const recording = recordingRule(rule, method, (problem) => t.fail(problem)) as RecordingRule;
    return { ...method, recording };
  };
}

/** A message with a key and a number. */
export function numbered(number: number, key = 'k'): Buffer {
  const name = Buffer.from(key);
  const varint: number[] = [];
  let rest = number;
  for (; rest > 0x7f; rest >>>= 7) varint.push((rest & 0x7f) | 0x80);
  varint.push(rest);
  return Buffer.concat([Buffer.from([0x0a, name.length]), name, Buffer.from([0x10, ...varint])]);
}

export function numberOf(message: Uint8Array): number {
  const at = 2 + (message[1] as number) + 1;
  let value = 0;
  for (let index = at, shift = 0; index < message.length; index += 1, shift += 7)
    value |= ((message[index] as number) & 0x7f) << shift;
  return value;
}

/** What a gateway tells of its recordings. */
export interface Told {
  /** The calls of the service, the oldest first. */
  readonly calls: FakeCall[];
  /** Of each gap that a reader was told of, the name of the method. */
  readonly gaps: string[];
  /** How many messages went, by cause. */
  readonly evicted: Partial<Record<EvictionCause, number>>;
  /** What a client asks for that says nothing else: nothing that was asked for before. */
  readonly request: string;
}

export function nothingTold(): Told {
  return { calls: [], gaps: [], evicted: {}, request: randomBytes(6).toString('hex') };
}

/** The request of a client. */
export function requestOf(id: string): Buffer {
  return Buffer.concat([Buffer.from([0x0a, id.length]), Buffer.from(id)]);
}

/** Recordings of a service that a test plays, and its calls. `told`: with those of another gateway. */
export function fakeRecordings(
  given: Partial<ConstructorParameters<typeof Recordings>[0]> = {},
  told: Told = nothingTold(),
) {
  const { calls, gaps, evicted, request } = told;
  const recordings = new Recordings({
    openCall: (request) => {
      const call = new FakeCall(request);
      calls.push(call);
      return call;
    },
    journalBytes: 1024 * 1024,
    maxPauseMs: 60_000,
    detached: 0,
    detachedPerPrincipal: 0,
    onEvicted: (_method, messages, cause) => {
      evicted[cause] = (evicted[cause] ?? 0) + messages;
    },
    onGap: ({ name }) => gaps.push(name),
    ...given,
  });
  /** A client that has sent its request, of so many messages. */
  const open = (
    method: Method,
    more: Partial<CallRequest & RecordingWish> = {},
    messages: readonly Uint8Array[] = [requestOf(request)],
  ): Reader => {
    const reader = recordings.open(
      {
        method,
        requestCodec: undefined as never,
        resume: undefined,
        onHealed: () => {},
        metadata: [],
        signal: new AbortController().signal,
        ...more,
      },
      { principal: 'p', detach: false, ...more },
    );
    if (messages.length > 0 && more.location === undefined) void reader.write(messages);
    if (!method.requestStream) reader.halfClose();
    return reader;
  };
  return { recordings, calls, gaps, evicted, request, open };
}

/** A gateway with a service that a test plays. */
export type FakeGateway = ReturnType<typeof fakeRecordings>;

/** Where a client goes on that has seen this message of a recording. */
export function seen(epoch: string, seq: number): NonNullable<CallRequest['resume']> {
  return { id: `~${epoch}.${seq}`, last: { kind: 'recorded', epoch, seq }, field: new Uint8Array(0) };
}

/** Everything has happened that happens by itself. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
