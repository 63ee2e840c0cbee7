import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Metadata, Status } from '../../gateway/status/index.js';
import {
  Batch,
  type Call,
  type CallOptions,
  formatGrpcTimeout,
  frameBatch,
  localStatus,
  pairsFromRaw,
  type SendBatch,
  statusFromTrailers,
} from '../../gateway/upstream/index.js';
import { type CallLink, shownAddress } from './call-link.js';
import { openRequest } from './gateway-request.js';
import { WebFrames } from './web-frames.js';

const MEDIA_TYPE = 'application/grpc-web+proto';

/**
 * One call in gRPC-Web over HTTP/1.1. What the reader does not take stays in the socket, so the gateway waits, and with it the service.
 *
 *     open -> head of the answer -> frames -> last frame -> status
 *        \             \               \
 *         +-------------+---------------+-- cancel, signal, deadline, failure
 */
export class WebCall implements Call {
  readonly headers: Promise<Metadata | undefined>;
  readonly status: Promise<Status>;
  readonly #request: ClientRequest;
  readonly #answer: Promise<IncomingMessage | undefined>;
  readonly #frames: WebFrames;
  readonly #signal: CallOptions['signal'];
  readonly #deadline: NodeJS.Timeout | undefined;
  #chunks: AsyncIterator<Buffer> | undefined;
  #isOver = false;
  #resolveHeaders: (headers: Metadata | undefined) => void = () => {};
  #resolveStatus: (status: Status) => void = () => {};
  /** Wakes who waits for room, or for the head of an answer. */
  #resolveOver: () => void = () => {};
  readonly #over: Promise<void>;

  constructor(
    link: CallLink,
    path: string,
    { metadata, deadline, signal, maxMessageBytes }: CallOptions & { readonly maxMessageBytes: number },
  ) {
    this.#frames = new WebFrames(maxMessageBytes);
    this.headers = new Promise((resolve) => {
      this.#resolveHeaders = resolve;
    });
    this.status = new Promise((resolve) => {
      this.#resolveStatus = resolve;
    });
    this.#over = new Promise((resolve) => {
      this.#resolveOver = resolve;
    });
    this.#signal = signal;
    signal.addEventListener('abort', this.#onAbort);
    const leftMs = deadline === undefined ? undefined : deadline - Date.now();
    if (leftMs !== undefined) this.#deadline = setTimeout(this.#onDeadline, Math.min(leftMs, 2 ** 31 - 1));
    const headers = headersOfCall(metadata, leftMs);
    this.#request = openRequest(link, { method: 'POST', path, headers });
    this.#request.flushHeaders();
    this.#request.on('error', (cause: NodeJS.ErrnoException) =>
      this.end(
        localStatus(
          'UPSTREAM_UNREACHABLE',
          `no connection to ${shownAddress(link)}: ${cause.message || cause.code}`,
        ),
      ),
    );
    this.#answer = Promise.race([
      new Promise<IncomingMessage>((resolve) => this.#request.once('response', resolve)),
      this.#over.then(() => undefined),
    ]);
    void this.#answer.then((answer) => answer !== undefined && this.#begin(answer));
  }

  async read(): Promise<Batch | undefined> {
    await this.#answer;
    try {
      while (!this.#isOver) {
        const messages = this.#frames.take();
        if (messages.length > 0) return Batch.of(messages);
        const { trailers } = this.#frames;
        if (trailers !== undefined) {
          this.end(statusFromTrailers(trailers, 200));
          break;
        }
        const next = await Promise.race([this.#chunks?.next(), this.#over.then(() => undefined)]);
        if (next === undefined) break;
        if (next.done) throw new Error('the answer has no end');
        this.#frames.push(next.value);
      }
    } catch (cause) {
      this.end({
        ...localStatus('UPSTREAM_CONNECTION_LOST', `the call broke: ${(cause as Error).message}`),
        isBroken: true,
      });
    }
    return undefined;
  }

  async write(batch: SendBatch): Promise<boolean> {
    if (this.#isOver) return false;
    let hasRoom = true;
    for (const bytes of frameBatch(batch)) hasRoom = this.#request.write(bytes);
    if (!hasRoom) {
      const drained = new Promise<void>((resolve) => this.#request.once('drain', resolve));
      await Promise.race([drained, this.#over]);
    }
    return !this.#isOver;
  }

  halfClose(): void {
    if (!this.#isOver) this.#request.end();
  }

  cancel(): void {
    this.end(localStatus('CANCELLED', 'cancelled'));
  }

  /** Ends the call, unless it is over. */
  end(status: Status): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#deadline);
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#request.destroy();
    this.#resolveHeaders(undefined);
    this.#resolveStatus(status);
    this.#resolveOver();
  }

  #begin(answer: IncomingMessage): void {
    const raw = lowerCased(answer.rawHeaders);
    const isWeb = /^application\/grpc-web(?:$|[+;])/.test(answer.headers['content-type'] ?? '');
    if (answer.statusCode !== 200 || !isWeb || answer.headers['grpc-status'] !== undefined) {
      this.end(statusFromTrailers(raw, answer.statusCode ?? 0));
      return;
    }
    this.#chunks = answer[Symbol.asyncIterator]();
    this.#resolveHeaders(pairsFromRaw(raw));
  }

  readonly #onAbort = (): void => this.cancel();

  readonly #onDeadline = (): void =>
    this.end(localStatus('DEADLINE_PASSED', 'the deadline passed before the call ended'));
}

function headersOfCall(metadata: Metadata, leftMs: number | undefined): Record<string, string[]> {
  const timeout = leftMs === undefined ? undefined : formatGrpcTimeout(leftMs);
  const headers: Record<string, string[]> = { 'content-type': [MEDIA_TYPE], accept: [MEDIA_TYPE] };
  if (timeout !== undefined) headers['grpc-timeout'] = [timeout];
  for (const [name, value] of metadata) headers[name] = [...(headers[name] ?? []), value];
  return headers;
}

/** Names and values in turn. */
function lowerCased(raw: readonly string[]): string[] {
  return raw.map((text, index) => (index % 2 === 0 ? text.toLowerCase() : text));
}
