import { MAX_TIMER_MS } from '../../../async/index.js';
import { Code, type Metadata, type Status } from '../../../status/index.js';
import { ReceivedMessages } from '../../received-messages.js';
import { localStatus } from '../../received-status.js';
import type { Batch, Call, CallOptions, SendBatch } from '../../transport.js';
import type { WindowBudget } from '../h2/index.js';
import { type ClientStream, headerListBytes } from '../h2/index.js';
import type { ConnectionPool, ConnectionWaiter, PooledConnection } from '../pool/index.js';
import { requestHeaders } from './call-headers.js';
import { RequestSender } from './request-sender.js';
import { CallResponse } from './response.js';

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
 * One call: it waits for a connection, sends its requests and reads the response.
 *
 *     connecting --------> streaming --status, everything decoded--> read out --inbox empty--> over
 *        |  ^--untouched, once--|  \__ deadline: the status is ours, what had come stays readable __/
 *        |______________________|___ cancel, abort: over at once, what had come is dropped
 */
export class Http2Call implements Call {
  readonly headers: Promise<Metadata | undefined>;
  readonly status: Promise<Status>;
  readonly #method: string;
  readonly #options: CallOptions;
  readonly #context: Http2CallContext;
  readonly #messages: ReceivedMessages;
  readonly #requests = new RequestSender();
  readonly #waiter: ConnectionWaiter;
  #resolveHeaders!: (headers: Metadata | undefined) => void;
  #resolveStatus!: (status: Status) => void;
  #response: CallResponse | undefined;
  #deadlineTimer: NodeJS.Timeout | undefined;
  #connectTimer: NodeJS.Timeout | undefined;
  #repeated = false;
  /** How it ended, while messages are still to be read. */
  #status: Status | undefined;
  #over = false;

  constructor(method: string, options: CallOptions, context: Http2CallContext) {
    this.#method = method;
    this.#options = options;
    this.#context = context;
    this.headers = new Promise((resolve) => {
      this.#resolveHeaders = resolve;
    });
    this.status = new Promise((resolve) => {
      this.#resolveStatus = resolve;
    });
    this.#messages = new ReceivedMessages(() => {
      this.#response?.onTaken();
      this.#finishWhenRead();
    });
    this.#waiter = {
      onConnection: (connection) => this.#start(connection),
      onRefused: (status) => this.#settle(status),
    };
    options.signal.addEventListener('abort', this.#onAbort);
    if (options.deadline !== undefined) this.#armDeadline(options.deadline);
    this.#acquireConnection();
  }

  get isOver(): boolean {
    return this.#over;
  }

  read(): Promise<Batch | undefined> {
    return this.#messages.read();
  }

  write(batch: SendBatch): Promise<boolean> {
    return this.#requests.write(batch);
  }

  halfClose(): void {
    this.#requests.halfClose();
  }

  cancel(): void {
    if (this.#over) return;
    this.#context.pool.withdraw(this.#waiter);
    this.#response?.abandon();
    const dropped = this.#messages.drop();
    const told = this.#status;
    this.#finish(
      told ? { ...told, truncated: told.truncated || dropped } : localStatus(Code.CANCELLED, 'cancelled'),
    );
  }

  readonly #onAbort = (): void => this.cancel();

  #acquireConnection(): void {
    const { pool, connectTimeoutMs } = this.#context;
    pool.acquire(this.#waiter);
    if (this.#response || this.#status || this.#over) return;
    this.#connectTimer ??= setTimeout(() => {
      pool.withdraw(this.#waiter);
      this.#settle(
        localStatus(Code.UNAVAILABLE, `no connection to the upstream within ${connectTimeoutMs} ms`),
      );
    }, connectTimeoutMs);
  }

  #start(connection: PooledConnection): void {
    const { pool, budget, scheme, authority } = this.#context;
    const { metadata, deadline, maxMessageBytes } = this.#options;
    const method = this.#method;
    clearTimeout(this.#connectTimer);
    this.#connectTimer = undefined;
    const head = requestHeaders({ scheme, authority, method, metadata, deadline });
    const bytes = headerListBytes(head);
    const limit = connection.peerHeaderListBytes;
    if (bytes > limit) {
      pool.release(connection, false);
      const message = `the request headers are ${bytes} bytes, the service takes ${limit}: send less metadata`;
      this.#settle(localStatus(Code.RESOURCE_EXHAUSTED, message));
      return;
    }
    const response = new CallResponse(
      {
        connection,
        budget,
        maxMessageBytes: maxMessageBytes ?? this.#context.maxMessageBytes,
        readAheadBytes: this.#context.readAheadBytes,
        onHeaders: (headers) => {
          this.#requests.commit();
          this.#resolveHeaders(headers);
        },
        onOver: () => {
          clearTimeout(this.#deadlineTimer);
          this.#requests.end();
        },
        onReadOut: (status) => this.#settle(status),
        onRefused: (status) => this.#repeat(status),
        onGone: (wasReset) => pool.release(connection, wasReset),
        onRoom: () => this.#requests.onRoom(),
      },
      this.#messages,
    );
    let stream: ClientStream;
    try {
      stream = connection.request(head, response);
    } catch (reason) {
      pool.release(connection, false);
      const message = reason instanceof Error ? reason.message : String(reason);
      this.#repeat(localStatus(Code.UNAVAILABLE, message, 'the connection to the upstream was lost'));
      return;
    }
    response.attach(stream);
    this.#response = response;
    this.#requests.attach(stream);
  }

  /** The service has not looked at the call. Sent again once, where everything can be. */
  #repeat(status: Status): void {
    if (this.#over || this.#status) return;
    if (this.#repeated || !this.#requests.canReplay) {
      this.#settle(status);
      return;
    }
    this.#repeated = true;
    this.#response = undefined;
    this.#requests.detach();
    this.#acquireConnection();
  }

  #armDeadline(deadline: number): void {
    this.#deadlineTimer = setTimeout(
      () => {
        if (Date.now() < deadline) {
          this.#armDeadline(deadline);
          return;
        }
        const status = localStatus(Code.DEADLINE_EXCEEDED, 'the deadline has passed');
        this.#context.pool.withdraw(this.#waiter);
        if (this.#response) this.#response.fail(status);
        else this.#settle(status);
      },
      Math.min(Math.max(0, deadline - Date.now()), MAX_TIMER_MS),
    );
  }

  /** It is known how the call ended, and nothing more will come into the inbox. */
  #settle(status: Status): void {
    if (this.#over) return;
    this.#status ??= status;
    this.#requests.end();
    this.#messages.end();
    this.#finishWhenRead();
  }

  #finishWhenRead(): void {
    if (this.#status && this.#messages.isEmpty) this.#finish(this.#status);
  }

  #finish(status: Status): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#deadlineTimer);
    clearTimeout(this.#connectTimer);
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    this.#requests.end();
    this.#messages.end();
    this.#resolveHeaders(undefined);
    this.#resolveStatus(status);
    this.#context.onOver(this);
  }
}
