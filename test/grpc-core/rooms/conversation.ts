import { Metadata } from '@grpc/grpc-js';
import { pino } from 'pino';
import type { CallContext, Handler } from '../../../grpc-core/rpc/handler.js';

/** A client of one call: sends when it likes and takes a response only when it asks. */
export class Conversation<Request, Response> {
  /** Requests the handler has taken. */
  taken = 0;
  readonly #requests: Request[] = [];
  readonly #controller = new AbortController();
  readonly #responses: AsyncIterator<Response>;
  /** The adapter asks for the first response at once, which is what starts a handler. */
  #first: Promise<IteratorResult<Response>> | undefined;
  #halfClosed = false;
  #wake: (() => void) | undefined;

  constructor(handler: Handler<Request, Response>) {
    const context: CallContext = {
      requestId: 'test',
      method: 'streaming.StreamingService/Test',
      metadata: new Metadata(),
      peer: '127.0.0.1:1',
      deadline: undefined,
      signal: this.#controller.signal,
      log: pino({ level: 'silent' }),
    };
    this.#responses = handler(this.#incoming(), context)[Symbol.asyncIterator]();
    this.#first = this.#responses.next();
    this.#first.catch(() => undefined);
  }

  send(...requests: Request[]): this {
    this.#requests.push(...requests);
    this.#wake?.();
    return this;
  }

  halfClose(): this {
    this.#halfClosed = true;
    this.#wake?.();
    return this;
  }

  /** The next response; throws the call's error, or when it has ended. */
  async next(): Promise<Response> {
    const result = await this.#ask();
    if (result.done === true) throw new Error('the call has ended');
    return result.value;
  }

  async take(count: number): Promise<Response[]> {
    const responses: Response[] = [];
    while (responses.length < count) responses.push(await this.next());
    return responses;
  }

  /** Everything until the call ends. */
  async rest(): Promise<Response[]> {
    const responses: Response[] = [];
    for (;;) {
      const result = await this.#ask();
      if (result.done === true) return responses;
      responses.push(result.value);
    }
  }

  /** The connection breaks. Resolves when the handler has tidied up. */
  async vanish(): Promise<void> {
    this.#controller.abort(new Error('the caller has left'));
    await this.#responses.return?.();
  }

  /** The connection breaks and nobody returns the iterator. */
  abort(): void {
    this.#controller.abort(new Error('the caller has left'));
  }

  #ask(): Promise<IteratorResult<Response>> {
    const first = this.#first;
    this.#first = undefined;
    return first ?? this.#responses.next();
  }

  async *#incoming(): AsyncGenerator<Request, void, undefined> {
    for (;;) {
      const request = this.#requests.shift();
      if (request !== undefined) {
        this.taken++;
        yield request;
      } else if (this.#halfClosed) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
