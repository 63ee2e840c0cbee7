import { Code, type Metadata, type Status } from '../../../../gateway/status/index.js';
import { type FrameSocket, WRITE_BYTES } from '../../../../gateway/surfaces/socket/frame-socket.js';
import {
  Batch,
  type Call,
  type CallOptions,
  type SendBatch,
  type Transport,
} from '../../../../gateway/upstream/index.js';

/** A socket whose client takes frames when the test says so. */
export class FakeSocket implements FrameSocket {
  readonly #waiting: { readonly frame: Buffer; readonly cost: number; readonly onLeft: () => void }[] = [];
  readonly #pings: { readonly position: number; readonly behind: number }[] = [];
  #pong: (position: number) => void = () => {};
  #taken = 0;
  bufferedBytes = 0;
  /** The most that ever waited. */
  peakBytes = 0;
  paused = false;
  closedWith: { code: number; reason: string } | undefined;
  isCut = false;

  write(frames: Uint8Array, onLeft: () => void): void {
    const messages = messagesOf(Buffer.from(frames));
    for (const [index, frame] of messages.entries()) {
      const isLast = index === messages.length - 1;
      const cost = frame.length + (isLast ? WRITE_BYTES : 0);
      this.#waiting.push({ frame, cost, onLeft: isLast ? onLeft : () => {} });
      this.bufferedBytes += cost;
    }
    this.peakBytes = Math.max(this.peakBytes, this.bufferedBytes);
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** What waits for the client. */
  get frames(): readonly Buffer[] {
    return this.#waiting.map(({ frame }) => frame);
  }

  /** The client takes the next frame. */
  take(): Buffer | undefined {
    const next = this.#waiting.shift();
    if (next === undefined) return undefined;
    this.bufferedBytes -= next.cost;
    next.onLeft();
    this.#taken += 1;
    this.#answerPings();
    return next.frame;
  }

  /** The client answers a ping when it has taken what was written before. */
  ping(position: number): void {
    this.#pings.push({ position, behind: this.#taken + this.#waiting.length });
    this.#answerPings();
  }

  onPong(listener: (position: number) => void): void {
    this.#pong = listener;
  }

  #answerPings(): void {
    while (this.#pings.length > 0 && (this.#pings[0]?.behind ?? 0) <= this.#taken) {
      this.#pong(this.#pings.shift()?.position ?? 0);
    }
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  close(code: number, reason: string): void {
    this.closedWith ??= { code, reason };
  }

  cut(): void {
    this.isCut = true;
  }
}

/** The WebSocket messages in what a server writes: unmasked, one frame each. */
function messagesOf(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const short = bytes.readUInt8(at + 1);
    const head = short === 127 ? 10 : short === 126 ? 4 : 2;
    const length =
      short === 127
        ? Number(bytes.readBigUInt64BE(at + 2))
        : short === 126
          ? bytes.readUInt16BE(at + 2)
          : short;
    messages.push(bytes.subarray(at + head, at + head + length));
    at += head + length;
  }
  return messages;
}

const status = (code: Status['code'], message = ''): Status => ({
  code,
  message,
  details: [],
  trailers: [],
  truncated: false,
});

/** Messages of the service that a call holds before the service has to wait. */
const INBOX = 6;

/** One call at a service that does what the test says, when it says so. */
export class FakeCall implements Call {
  readonly headers: Promise<Metadata | undefined>;
  readonly status: Promise<Status>;
  readonly metadata: Metadata;
  /** What the service has taken. */
  readonly received: Uint8Array[] = [];
  halfClosed = false;
  over = false;
  cancelled = false;
  #ended: Status | undefined;
  #inbox: Uint8Array[] = [];
  #outbox: Uint8Array[] = [];
  #settleStatus!: (status: Status) => void;
  #settleHeaders!: (metadata: Metadata | undefined) => void;
  #wakeRead: (() => void) | undefined;
  #wakeWrite: ((room: boolean) => void) | undefined;

  constructor({ signal, metadata }: CallOptions) {
    this.metadata = metadata;
    this.headers = new Promise((resolve) => {
      this.#settleHeaders = resolve;
    });
    this.status = new Promise((resolve) => {
      this.#settleStatus = resolve;
    });
    signal.addEventListener('abort', () => this.cancel());
  }

  get hasRoom(): boolean {
    return !this.over && this.#ended === undefined && this.#inbox.length < INBOX;
  }

  /** Messages of the service that the gateway has not read. */
  get unread(): number {
    return this.#inbox.length;
  }

  get hasRequest(): boolean {
    return !this.over && this.#outbox.length > 0;
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined || this.over;
  }

  /** The service sends a message. */
  emit(message: Uint8Array): void {
    this.#settleHeaders([['x-from', 'service']]);
    this.#inbox.push(message);
    this.#wakeRead?.();
  }

  /** The service takes the next message. */
  accept(): void {
    const message = this.#outbox.shift();
    if (message !== undefined) this.received.push(message);
    if (this.#outbox.length === 0) this.#wakeWrite?.(true);
  }

  /** The service ends the call; what it has sent is delivered before. */
  end(code: Status['code'] = Code.OK): void {
    this.#ended = status(code);
    this.#wakeRead?.();
    this.#wakeWrite?.(false);
  }

  async read(): Promise<Batch | undefined> {
    for (;;) {
      if (this.over) return undefined;
      if (this.#inbox.length > 0) return Batch.of(this.#inbox.splice(0));
      if (this.#ended !== undefined) {
        this.#finish(this.#ended);
        return undefined;
      }
      await new Promise<void>((resolve) => {
        this.#wakeRead = resolve;
      });
    }
  }

  async write(batch: SendBatch): Promise<boolean> {
    if (this.over || this.#ended !== undefined) return false;
    for (const message of batch) this.#outbox.push(Buffer.concat([message].flat()));
    return await new Promise((resolve) => {
      this.#wakeWrite = resolve;
    });
  }

  halfClose(): void {
    this.halfClosed = true;
  }

  cancel(): void {
    if (this.over) return;
    this.cancelled = this.#ended === undefined;
    this.#inbox = [];
    this.#finish(this.#ended ?? status(Code.CANCELLED, 'cancelled'));
  }

  #finish(how: Status): void {
    this.over = true;
    this.#outbox = [];
    this.#settleHeaders(undefined);
    this.#settleStatus(how);
    this.#wakeRead?.();
    this.#wakeWrite?.(false);
  }
}

/** A transport whose calls the test plays. */
export class FakeTransport implements Transport {
  readonly calls: FakeCall[] = [];
  readonly connections = 1;
  readonly places = 1_000;

  open(_method: string, options: CallOptions): Call {
    const call = new FakeCall(options);
    this.calls.push(call);
    return call;
  }

  async ready(): Promise<boolean> {
    return true;
  }

  async close(): Promise<void> {}
}
