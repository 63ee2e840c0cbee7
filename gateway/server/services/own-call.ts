import { Alarm, Bell, type CancelSignal, createDeferred } from '../../async/index.js';
import { ENDED, type Metadata, RpcError, type Status } from '../../status/index.js';
import { Batch, type Call, type CallOptions, type SendBatch } from '../../upstream/index.js';

/** What answers a call: reads messages, and yields those that it sends. What it throws is how the call ends; `signal` aborts with the call. */
export type OwnHandler = (
  requests: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
) => AsyncIterable<Uint8Array>;

/** A call that the gateway answers itself, with what every call promises. Holds one batch of the client, and one message for it. */
export class OwnCall implements Call {
  readonly headers: Promise<Metadata | undefined>;
  readonly status: Promise<Status>;
  readonly #answers: AsyncIterator<Uint8Array>;
  readonly #over = createDeferred<Status>();
  readonly #begun = createDeferred<Metadata | undefined>();
  readonly #abort = new AbortController();
  readonly #signal: CancelSignal;
  readonly #deadline: Alarm | undefined;
  /** Rings when there are requests, room for them, or the call is over. */
  readonly #changed = new Bell();
  #requests: Uint8Array[] = [];
  #isHalfClosed = false;
  #isOver = false;

  constructor(handler: OwnHandler, { signal, deadline }: CallOptions) {
    this.headers = this.#begun.promise;
    this.status = this.#over.promise;
    this.#signal = signal;
    this.#answers = handler(this.#read(), this.#abort.signal)[Symbol.asyncIterator]();
    signal.addEventListener('abort', this.#onAbort);
    if (deadline !== undefined) {
      const onAlarm = (): void =>
        this.#end(new RpcError('DEADLINE_PASSED', 'the deadline has passed').toStatus());
      this.#deadline = new Alarm({ onAlarm });
      this.#deadline.set(Math.max(0, deadline - Date.now()));
    }
    if (signal.aborted) this.cancel();
  }

  async read(): Promise<Batch | undefined> {
    if (this.#isOver) return undefined;
    try {
      const over = this.status.then(() => undefined);
      const next = await Promise.race([this.#answers.next(), over]);
      if (next?.done === false && !this.#isOver) {
        this.#begun.resolve([]);
        return Batch.of([next.value]);
      }
      this.#end(ENDED);
    } catch (reason) {
      this.#end(RpcError.from(reason).toStatus());
    }
    return undefined;
  }

  async write(batch: SendBatch): Promise<boolean> {
    for (const message of batch)
      this.#requests.push(message instanceof Uint8Array ? message : Buffer.concat(message));
    this.#changed.ring();
    while (this.#requests.length > 0 && !this.#isOver) await this.#changed.wait();
    return !this.#isOver;
  }

  halfClose(): void {
    this.#isHalfClosed = true;
    this.#changed.ring();
  }

  cancel(): void {
    this.#end(new RpcError('CANCELLED', 'the call was cancelled').toStatus());
  }

  readonly #onAbort = (): void => this.cancel();

  async *#read(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const message = this.#requests.shift();
      if (message !== undefined) {
        this.#changed.ring();
        yield message;
      } else if (this.#isHalfClosed || this.#isOver) return;
      else await this.#changed.wait();
    }
  }

  #end(status: Status): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#requests = [];
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#deadline?.clear();
    this.#abort.abort();
    this.#begun.resolve(undefined);
    this.#over.resolve(status);
    this.#changed.ring();
  }
}
