import { type Listed, MAX_TIMER_MS } from '../../../async/index.js';
import type { Metadata, Status } from '../../../status/index.js';
import { localStatus } from '../../received-status.js';
import type { Batch } from '../../batch.js';
import type { Call, CallOptions, SendBatch } from '../../transport.js';
import { type ClientStream, headerListBytes, type WindowBudget } from '../h2/index.js';
import type { ConnectionPool, ConnectionWaiter, PooledConnection } from '../pool/index.js';
import { requestHeaders } from './call-headers.js';
import { RequestSender } from './request-sender.js';
import { CallResponse, type ResponseOwner } from './response.js';

/** What all calls of a transport share. */
export interface Http2CallContext {
  readonly scheme: 'http' | 'https';
  readonly authority: string;
  readonly pool: ConnectionPool;
  readonly budget: WindowBudget;
  readonly maxMessageBytes: number;
  readonly readAheadBytes: number;
  readonly connectTimeoutMs: number;
  /** Called once, when the call is over. */
  readonly onOver: (call: Http2Call) => void;
}

/**
 * One call: it waits for a connection, sends its requests and hands its response on. Its state is that of the response; see
 * there. A call that the peer refused before it looked at it goes to a further connection, once.
 */
export class Http2Call implements Call, ConnectionWaiter, ResponseOwner, Listed {
  listedAt = -1;
  readonly #method: string;
  readonly #options: CallOptions;
  readonly #context: Http2CallContext;
  readonly #requests = new RequestSender();
  readonly #response: CallResponse;
  #deadlineTimer: NodeJS.Timeout | undefined;
  #connectTimer: NodeJS.Timeout | undefined;
  #wasRepeated = false;

  constructor(method: string, options: CallOptions, context: Http2CallContext) {
    this.#method = method;
    this.#options = options;
    this.#context = context;
    const { pool, budget, readAheadBytes } = context;
    const maxMessageBytes = options.maxMessageBytes ?? context.maxMessageBytes;
    this.#response = new CallResponse(
      { pool, budget, readAheadBytes, maxMessageBytes },
      this.#requests,
      this,
    );
    options.signal.addEventListener('abort', this.#onAbort);
    if (options.deadline !== undefined) this.#armDeadline(options.deadline);
    this.#acquireConnection();
  }

  get headers(): Promise<Metadata | undefined> {
    return this.#response.headers;
  }

  get status(): Promise<Status> {
    return this.#response.status;
  }

  get isOver(): boolean {
    return this.#response.isOver;
  }

  read(): Promise<Batch | undefined> {
    return this.#response.read();
  }

  write(batch: SendBatch): Promise<boolean> {
    return this.#requests.write(batch);
  }

  halfClose(): void {
    this.#requests.halfClose();
  }

  cancel(): void {
    if (this.isOver) return;
    this.#context.pool.withdraw(this);
    this.#response.cancel();
  }

  /** Opens the stream. For the pool. */
  onConnection(connection: PooledConnection): void {
    const { pool, scheme, authority } = this.#context;
    const { metadata, deadline } = this.#options;
    clearTimeout(this.#connectTimer);
    this.#connectTimer = undefined;
    const head = requestHeaders({ scheme, authority, method: this.#method, metadata, deadline });
    const bytes = headerListBytes(head);
    const limit = connection.peerHeaderListBytes;
    if (bytes > limit) {
      pool.release(connection, false);
      const message = `the request headers are ${bytes} bytes, the service takes ${limit}: send less metadata`;
      this.#response.fail(localStatus('METADATA_TOO_LARGE', message));
      return;
    }
    let stream: ClientStream;
    try {
      stream = connection.request(head, this.#response);
    } catch (reason) {
      pool.release(connection, false);
      const message = reason instanceof Error ? reason.message : String(reason);
      const publicMessage = 'the connection to the upstream was lost';
      this.onRefused(localStatus('UPSTREAM_CONNECTION_LOST', message, { publicMessage }));
      return;
    }
    this.#response.attach(stream, connection);
  }

  /** There is no connection, and will be none. For the pool. */
  onNoConnection(status: Status): void {
    this.#response.fail(status);
  }

  /** The service has not looked at the call. Sent again once, where everything can be. For the response. */
  onRefused(status: Status): void {
    if (this.#wasRepeated || !this.#requests.canReplay) {
      this.#response.fail(status);
      return;
    }
    this.#wasRepeated = true;
    this.#acquireConnection();
  }

  /** For the response. */
  onOver(): void {
    clearTimeout(this.#deadlineTimer);
    clearTimeout(this.#connectTimer);
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    this.#context.onOver(this);
  }

  readonly #onAbort = (): void => this.cancel();

  #acquireConnection(): void {
    const { pool, connectTimeoutMs } = this.#context;
    pool.acquire(this);
    if (this.#response.hasBegun) return;
    this.#connectTimer ??= setTimeout(() => {
      const message = `no connection to the upstream within ${connectTimeoutMs} ms`;
      this.#fail(localStatus('UPSTREAM_UNREACHABLE', message));
    }, connectTimeoutMs);
  }

  #armDeadline(deadline: number): void {
    this.#deadlineTimer = setTimeout(
      () => {
        if (Date.now() < deadline) this.#armDeadline(deadline);
        else this.#fail(localStatus('DEADLINE_PASSED', 'the deadline has passed'));
      },
      Math.min(Math.max(0, deadline - Date.now()), MAX_TIMER_MS),
    );
  }

  #fail(status: Status): void {
    this.#context.pool.withdraw(this);
    this.#response.fail(status);
  }
}
