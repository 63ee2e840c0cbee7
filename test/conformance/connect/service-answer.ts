import { setTimeout as delay } from 'node:timers/promises';
import { PACKAGE, TYPE_PREFIX } from './case-schema.js';
import type {
  AnyJson,
  CaseError,
  CaseHeader,
  CasePayload,
  RequestInfo,
  RequestMessage,
  ResponseDefinition,
} from './case-types.js';

/** One call as the service sees it, whatever carries it. */
export interface ServiceCall {
  /** "Unary" */
  readonly method: string;
  readonly requestHeaders: readonly CaseHeader[];
  /** What was left of the deadline when the call came. */
  readonly timeoutMs: number | undefined;
  /** The request messages as ProtoJSON; leaving the loop early must not break the call. */
  readonly requests: AsyncIterable<unknown>;
  /** The client has gone. */
  isOver(): boolean;
  sendHeaders(headers: readonly CaseHeader[]): void;
  send(payload: CasePayload): void;
  end(trailers: readonly CaseHeader[], error?: CaseError): void;
}

export const METHODS = ['Unary', 'IdempotentUnary', 'ServerStream', 'ClientStream', 'BidiStream'];
const TAKES_ONE = new Set(['Unary', 'IdempotentUnary', 'ServerStream']);
const SENDS_ONE = new Set(['Unary', 'IdempotentUnary', 'ClientStream']);

/** Answers as the first request message says, and tells the truth of what has come. */
export async function answerCall(call: ServiceCall): Promise<void> {
  await new Answer(call).run();
}

class Answer {
  readonly #call: ServiceCall;
  #definition: ResponseDefinition | undefined;
  /** Those that no response has told of yet. */
  #requests: AnyJson[] = [];
  #sent = 0;

  constructor(call: ServiceCall) {
    this.#call = call;
  }

  async run(): Promise<void> {
    let isFullDuplex = false;
    let count = 0;
    for await (const json of this.#call.requests) {
      const request = json as RequestMessage;
      this.#requests.push({ ...request, '@type': `${TYPE_PREFIX}${PACKAGE}.${this.#call.method}Request` });
      count += 1;
      if (count === 1) {
        isFullDuplex = request.fullDuplex ?? false;
        this.#definition = request.responseDefinition;
        if (this.#definition !== undefined) this.#call.sendHeaders(this.#definition.responseHeaders ?? []);
      }
      if (isFullDuplex) {
        const data = this.#data()[this.#sent];
        if (data === undefined) break;
        await this.#send(data, this.#sent > 0 ? { requests: this.#takeRequests() } : this.#info());
      }
    }
    if (this.#call.isOver()) return;
    if (TAKES_ONE.has(this.#call.method) && count !== 1) {
      // As a server whose methods take one message by definition.
      this.#call.end([], { code: 'CODE_UNIMPLEMENTED', message: `${count} requests` });
      return;
    }
    await this.#sendRemaining();
    this.#end(this.#definition?.error);
  }

  async #sendRemaining(): Promise<void> {
    if (SENDS_ONE.has(this.#call.method)) {
      if (this.#definition?.error === undefined) await this.#send(this.#data()[0], this.#info());
      return;
    }
    for (const data of this.#data().slice(this.#sent))
      await this.#send(data, this.#sent === 0 ? this.#info() : undefined);
  }

  #data(): readonly string[] {
    const data = this.#definition?.responseData ?? [];
    return typeof data === 'string' ? [data] : data;
  }

  async #send(data: string | undefined, requestInfo: RequestInfo | undefined): Promise<void> {
    await delay(this.#definition?.responseDelayMs ?? 0);
    if (this.#call.isOver()) return;
    this.#sent += 1;
    this.#call.send({ ...(data !== undefined && { data }), ...(requestInfo && { requestInfo }) });
  }

  #info(): RequestInfo {
    const { requestHeaders, timeoutMs } = this.#call;
    return {
      requestHeaders,
      ...(timeoutMs !== undefined && { timeoutMs: String(timeoutMs) }),
      requests: this.#takeRequests(),
    };
  }

  #takeRequests(): AnyJson[] {
    const requests = this.#requests;
    this.#requests = [];
    return requests;
  }

  #end(error: CaseError | undefined): void {
    const trailers = this.#definition?.responseTrailers ?? [];
    if (error === undefined || this.#call.isOver()) {
      this.#call.end(trailers);
      return;
    }
    const details = [...(error.details ?? [])];
    const type = `${TYPE_PREFIX}${PACKAGE}.ConformancePayload.RequestInfo`;
    if (this.#sent === 0) details.push({ '@type': type, ...this.#info() });
    this.#call.end(trailers, { ...error, details });
  }
}
