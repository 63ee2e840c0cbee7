import { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/**
 * A request of HTTP/1.1 that is not told of the end of a body which it does not have, until somebody asks: how Node ends an empty stream (four ticks, and
 * as many events that nobody hears) is a twentieth of what a small call costs. Whoever listens to it, or reads, finds it as Node makes it. For the option
 * `IncomingMessage` of `http.createServer`.
 */
export class IncomingRequest extends IncomingMessage {
  /** Somebody listens or has read. */
  #isWatched = false;
  /** The end is kept back. */
  #isOver = false;
  /** `resume` was called meanwhile. */
  #isPassedOver = false;

  static {
    // TypeScript takes it for a property, which no getter may override.
    const { get } = Object.getOwnPropertyDescriptor(Readable.prototype, 'readableEnded') ?? {};
    Object.defineProperty(IncomingRequest.prototype, 'readableEnded', {
      configurable: true,
      get(this: IncomingRequest) {
        return this.#isOver || get?.call(this);
      },
    });
  }

  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    if (chunk === null && !this.#isWatched && this.#isBodyless) {
      this.#isOver = true;
      return false;
    }
    return super.push(chunk, encoding);
  }

  // biome-ignore lint/suspicious/noExplicitAny: listeners are as Node declares them.
  override on(event: string | symbol, listener: (...args: any[]) => void): this {
    this.#watch();
    return super.on(event, listener);
  }

  // biome-ignore lint/suspicious/noExplicitAny: as above.
  override addListener(event: string | symbol, listener: (...args: any[]) => void): this {
    return this.on(event, listener);
  }

  // biome-ignore lint/suspicious/noExplicitAny: as above.
  override prependListener(event: string | symbol, listener: (...args: any[]) => void): this {
    this.#watch();
    return super.prependListener(event, listener);
  }

  override read(size?: number): unknown {
    this.#watch();
    return super.read(size);
  }

  /** Node calls it for each request that has been answered, so that what is left of its body is read. */
  override resume(): this {
    if (!this.#isOver) return super.resume();
    this.#isPassedOver = true;
    return this;
  }

  get #isBodyless(): boolean {
    const { headers, upgrade } = this as { headers: IncomingMessage['headers']; upgrade?: boolean };
    const isBodyless = headers['content-length'] === undefined && headers['transfer-encoding'] === undefined;
    return isBodyless && upgrade !== true;
  }

  #watch(): void {
    this.#isWatched = true;
    if (!this.#isOver) return;
    this.#isOver = false;
    super.push(null);
    if (this.#isPassedOver) super.resume();
  }
}
