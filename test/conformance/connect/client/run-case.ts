import { setTimeout as delay } from 'node:timers/promises';
import { type CaseSchema, PACKAGE } from '../case-schema.js';
import type { CaseHeader, CasePayload, CaseResult, ConformanceCase, Protocol } from '../case-types.js';
import type { CaseCall, ClientProtocol } from './client-protocol.js';
import { connectProtocol } from './connect.js';
import { rawBody } from './frames.js';
import { grpcProtocol, grpcWebProtocol } from './grpc.js';
import type { CallHead, HttpAnswer, HttpCall, HttpCalls } from './http-calls.js';

const PROTOCOLS: Readonly<Record<Protocol, ClientProtocol>> = {
  PROTOCOL_CONNECT: connectProtocol,
  PROTOCOL_GRPC: grpcProtocol,
  PROTOCOL_GRPC_WEB: grpcWebProtocol,
};

/** A call that takes longer than its own timeout and this is broken off, which fails its case. Nothing waits for long but on a machine that has no time, so this finds only what hangs. */
const ANSWER_WITHIN_MS = 60_000;

/** Does what the case says, and tells what came back. Never rejects for what the server does. */
export async function runCase(
  testCase: ConformanceCase,
  calls: HttpCalls,
  types: CaseSchema,
): Promise<CaseResult> {
  const result: CaseResult = {
    firstAnswerMs: 0,
    httpStatus: undefined,
    headers: [],
    trailers: [],
    payloads: [],
    error: undefined,
    feedback: [],
  };
  const protocol = PROTOCOLS[testCase.protocol];
  const call: CaseCall = {
    testCase,
    types,
    messages: (testCase.request.requestMessages ?? []).map((message) => {
      const { json, bytes } = types.contentOfRequest(message);
      return testCase.codec === 'CODEC_JSON' ? Buffer.from(JSON.stringify(json)) : Buffer.from(bytes);
    }),
    responseType: `${PACKAGE}.${testCase.method}Response`,
  };
  const startedAt = performance.now();
  const http = await calls.open(testCase.version, headOf(protocol, call));
  const limit = setTimeout(() => {
    result.feedback.push(`no end within ${ANSWER_WITHIN_MS} ms`);
    http.cancel();
  }, ANSWER_WITHIN_MS);
  const reader = new AnswerReader(http.answer, protocol, call, result, startedAt);
  try {
    await send(http, protocol, call, reader);
    await reader.all();
  } finally {
    clearTimeout(limit);
    http.cancel();
  }
  return result;
}

function headOf(protocol: ClientProtocol, call: CaseCall): CallHead {
  const { request, expected } = call.testCase;
  const raw = request.rawRequest;
  const head =
    raw === undefined ? protocol.head(call) : { verb: raw.verb, path: raw.uri, headers: raw.headers ?? [] };
  // As the official clients do.
  const name: CaseHeader = { name: 'x-test-case-name', value: [call.testCase.name] };
  return { ...head, headers: [...head.headers, name], isAlone: expected.error !== undefined };
}

async function send(
  http: HttpCall,
  protocol: ClientProtocol,
  call: CaseCall,
  reader: AnswerReader,
): Promise<void> {
  const { request } = call.testCase;
  const isFullDuplex = request.streamType === 'STREAM_TYPE_FULL_DUPLEX_BIDI_STREAM';
  if (request.rawRequest !== undefined) {
    const body = rawBody(request.rawRequest, call.types);
    if (body.length > 0) await Promise.race([http.write(body), reader.all()]);
  } else if (!request.useGetHttpMethod) {
    for (const message of call.messages) {
      if (request.requestDelayMs !== undefined) await delay(request.requestDelayMs);
      if (reader.isOver) break;
      // A server that has answered need not read what it no longer wants.
      await Promise.race([http.write(protocol.body(message, call)), reader.all()]);
      if (isFullDuplex && !(await reader.next())) break;
    }
  }
  http.end();
}

/** Reads the answer into the result: from the beginning, so that its end is seen while messages are still being sent. */
class AnswerReader {
  /** The answer has come to its end, or broken. */
  isOver = false;
  readonly #done: Promise<void>;
  readonly #result: CaseResult;
  readonly #startedAt: number;
  #wake: () => void = () => {};
  #taken = 0;

  constructor(
    answer: Promise<HttpAnswer>,
    protocol: ClientProtocol,
    call: CaseCall,
    result: CaseResult,
    startedAt: number,
  ) {
    this.#result = result;
    this.#startedAt = startedAt;
    this.#done = this.#read(answer, protocol, call)
      .catch((error) => {
        result.feedback.push(String(error instanceof Error ? error.message : error));
      })
      .finally(() => {
        this.isOver = true;
        this.#answered();
        this.#wake();
      });
  }

  /** Waits for one more message. False when there is none. */
  async next(): Promise<boolean> {
    while (!this.isOver && this.#result.payloads.length <= this.#taken) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#taken += 1;
    return this.#result.payloads.length >= this.#taken;
  }

  all(): Promise<void> {
    return this.#done;
  }

  #answered(): void {
    this.#result.firstAnswerMs ||= performance.now() - this.#startedAt;
  }

  async #read(promise: Promise<HttpAnswer>, protocol: ClientProtocol, call: CaseCall): Promise<void> {
    const answer = await promise;
    this.#result.httpStatus = answer.status;
    this.#result.headers = answer.headers;
    for await (const bytes of protocol.read(answer, call, this.#result)) {
      this.#answered();
      const { types, responseType } = call;
      const json =
        call.testCase.codec === 'CODEC_JSON'
          ? types.canonical(responseType, JSON.parse(bytes.toString()))
          : types.decode(responseType, bytes);
      this.#result.payloads.push((json as { payload?: CasePayload }).payload ?? {});
      this.#wake();
    }
  }
}
