import type { WebSocketConstructor, WebSocketLike } from '../../../clients/browser/index.js';

type Listener = (event: never) => void;

/** One stream of numbers as the gateway sees it. */
interface Stream {
  readonly id: number;
  readonly method: string;
  /** The last number that was written. */
  at: number;
  credit: number;
  /** Bytes of credit; infinite without. */
  bytes: number;
  /** The request has come. */
  asked: boolean;
  over: boolean;
}

/** A WebSocket whose two ends are in this process: nothing moves unless the test moves it. */
export class MemorySocket implements WebSocketLike {
  readonly bufferedAmount = 0;
  readonly up: string[] = [];
  readonly down: string[] = [];
  readonly streams = new Map<number, Stream>();
  state: 'connecting' | 'open' | 'closed' = 'connecting';
  leaving = false;
  closedWith: number | undefined;
  readonly #listeners = new Map<string, Set<Listener>>();

  send(data: string): void {
    if (this.state === 'open') this.up.push(data);
  }

  close(code?: number): void {
    this.closedWith ??= code;
    this.state = 'closed';
  }

  addEventListener(type: string, listener: Listener | { handleEvent: Listener }): void {
    const listeners = this.#listeners.get(type) ?? new Set();
    listeners.add(listener as Listener);
    this.#listeners.set(type, listeners);
  }

  removeEventListener(type: string, listener: Listener | { handleEvent: Listener }): void {
    this.#listeners.get(type)?.delete(listener as Listener);
  }

  fire(type: string, event: unknown = {}): void {
    for (const listener of [...(this.#listeners.get(type) ?? [])])
      (listener as (event: unknown) => void)(event);
  }

  get listenerCount(): number {
    return ['open', 'message', 'close'].reduce(
      (sum, type) => sum + (this.#listeners.get(type)?.size ?? 0),
      0,
    );
  }

  accept(): void {
    this.state = 'open';
    this.fire('open');
  }

  /** The connection breaks: what was on its way is gone. */
  lose(code = 1006): void {
    this.state = 'closed';
    this.up.length = 0;
    this.down.length = 0;
    this.fire('close', { code, reason: '' });
  }

  write(type: string, body: Readonly<Record<string, unknown>>): void {
    this.down.push(JSON.stringify({ [type]: body }));
  }

  /** Hands one frame to the client. */
  deliver(): void {
    const data = this.down.shift();
    if (data !== undefined) this.fire('message', { data });
  }

  /** Takes one frame from the client; streams count from the cursor up. Throws for what section 12 forbids. */
  take(): void {
    const text = this.up.shift();
    if (text === undefined) return;
    const [entry] = Object.entries(JSON.parse(text) as Record<string, Record<string, unknown>>);
    const [type, body] = entry ?? ['', {}];
    if (type === 'ping') {
      this.write('pong', { token: body.token });
      return;
    }
    const id = Number(body.id);
    const stream = this.streams.get(id);
    if (type === 'open') {
      if (stream !== undefined || id !== this.streams.size + 1) throw new Error(`open of ${id}`);
      const at = Number(body.cursor);
      this.streams.set(id, {
        id,
        method: String(body.method),
        at,
        credit: Number(body.credit),
        bytes: Number(body.creditBytes ?? Number.POSITIVE_INFINITY),
        asked: false,
        over: this.leaving,
      });
      if (this.leaving) this.end(id, 14);
      else this.write('opened', { id, credit: 1 });
      return;
    }
    if (stream === undefined) throw new Error(`${type} for ${id}, which was never opened`);
    if (stream.over) return;
    if (type === 'message') {
      if (stream.asked) throw new Error('a second message');
      stream.asked = true;
    } else if (type === 'credit') {
      stream.credit += Number(body.messages);
      stream.bytes += Number(body.bytes ?? 0);
    } else if (type === 'cancel') this.end(id, 1);
  }

  end(id: number, code: number): void {
    const stream = this.streams.get(id);
    if (stream !== undefined) stream.over = true;
    this.write('end', { id, status: { code, message: '', details: [] }, trailers: {} });
  }
}

/** HTTP to a gateway that is away, for a client whose WebSockets alone are played. */
export const fetchRefused: typeof fetch = () => Promise.reject(new TypeError('connection refused'));

/** A WebSocket to give to a client, and the sockets that it opens. */
export function createMemoryGateway() {
  const sockets: MemorySocket[] = [];
  class Socket extends MemorySocket {
    constructor() {
      super();
      sockets.push(this);
    }
  }
  return { sockets, WebSocket: Socket as WebSocketConstructor };
}
