import { Alarm, type Listed, type Sleeper } from '../../../async/index.js';
import type { Metadata, Status } from '../../../status/index.js';
import type { Batch } from '../../batch.js';
import { localStatus } from '../../received-status.js';
import type { Call, CallOptions, CallWaiting, SendBatch } from '../../transport.js';
import { type ClientStream, headerListBytes, type WindowBudget } from '../h2/index.js';
import type { ConnectionPool, ConnectionWaiter, PooledConnection } from '../pool/index.js';
import { type MethodHeaders, ownHeaders } from './call-headers.js';
import { RequestSender } from './request-sender.js';
import { CallResponse, type ResponseOwner } from './response.js';

/** What all calls of a transport share. */
export interface Http2CallContext {
  readonly methodHeaders: MethodHeaders;
  readonly pool: ConnectionPool;
  readonly budget: WindowBudget;
  readonly maxMessageBytes: number;
  readonly connectTimeoutMs: number;
  /** Called once, when the call is over. */
  readonly onOver: (call: Http2Call) => void;
}

/**
 * One call: it waits for a connection, sends its requests and hands its response on. Its state is that of the response; see
 * there. A call that the peer refused before it looked at it goes to a further connection, once.
 */
export class Http2Call implements Call, ConnectionWaiter, ResponseOwner, Sleeper, Listed {
  listedAt = -1;
  readonly #method: string;
  readonly #options: CallOptions;
  readonly #context: Http2CallContext;
  readonly #requests = new RequestSender();
  readonly #response: CallResponse;
  #deadlineAlarm: Alarm | undefined;
  #connectAlarm: Alarm | undefined;
  #wasRepeated = false;

  constructor(method: string, options: CallOptions, context: Http2CallContext) {
    this.#method = method;
    this.#options = options;
    this.#context = context;
    const { maxMessageBytes } = options;
    const bounds = maxMessageBytes === undefined ? context : { ...context, maxMessageBytes };
    this.#response = new CallResponse(bounds, this.#requests, this);
    options.signal.addEventListener('abort', this.#onAbort);
    if (options.deadline !== undefined) {
      this.#deadlineAlarm = new Alarm(this);
      this.#deadlineAlarm.set(options.deadline - Date.now());
    }
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

  write(batch: SendBatch): Promise<boolean> | boolean {
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

  waiting(): CallWaiting | undefined {
    return this.#response.waiting();
  }

  /** Opens the stream. For the pool. */
  onConnection(connection: PooledConnection): void {
    const { pool, methodHeaders } = this.#context;
    const { metadata, deadline } = this.#options;
    this.#connectAlarm?.clear();
    const common = methodHeaders.of(this.#method);
    const own = ownHeaders(metadata, deadline);
    const bytes = common.bytes + headerListBytes(own);
    const limit = connection.peerHeaderListBytes;
    if (bytes > limit) {
      pool.release(connection, false);
      const message = `the request headers are ${bytes} bytes, the service takes ${limit}: send less metadata`;
      this.#response.fail(localStatus('METADATA_TOO_LARGE', message));
      return;
    }
    let stream: ClientStream;
    try {
      stream = connection.request(common, own, this.#response);
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

  /** The deadline, or the end of the wait for a connection. */
  onAlarm(alarm: Alarm): void {
    const { deadline = 0 } = this.#options;
    if (alarm === this.#connectAlarm) {
      const message = `no connection to the upstream within ${this.#context.connectTimeoutMs} ms`;
      this.#fail(localStatus('UPSTREAM_UNREACHABLE', message));
    } else if (Date.now() < deadline) alarm.set(deadline - Date.now());
    else this.#fail(localStatus('DEADLINE_PASSED', 'the deadline has passed'));
  }

  /** For the response. */
  onOver(): void {
    this.#deadlineAlarm?.clear();
    this.#connectAlarm?.clear();
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    this.#context.onOver(this);
  }

  readonly #onAbort = (): void => this.cancel();

  #acquireConnection(): void {
    const { pool, connectTimeoutMs } = this.#context;
    pool.acquire(this);
    if (this.#response.hasBegun) return;
    this.#connectAlarm ??= new Alarm(this);
    this.#connectAlarm.set(connectTimeoutMs);
  }

  #fail(status: Status): void {
    this.#context.pool.withdraw(this);
    this.#response.fail(status);
  }
}
