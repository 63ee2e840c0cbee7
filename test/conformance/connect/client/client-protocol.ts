import type { CaseSchema } from '../case-schema.js';
import type { CaseResult, ConformanceCase } from '../case-types.js';
import type { CallHead, HttpAnswer } from './http-calls.js';

/** One case as a protocol sees it. */
export interface CaseCall {
  readonly testCase: ConformanceCase;
  readonly types: CaseSchema;
  /** The request messages in the case's codec. */
  readonly messages: readonly Buffer[];
  /** Full name of the type of the response. */
  readonly responseType: string;
}

/** How a protocol asks and is answered. */
export interface ClientProtocol {
  head(call: CaseCall): CallHead;
  /** What one message is in the body. */
  body(message: Buffer, call: CaseCall): Buffer;
  /**
   * Yields the bytes of each response message as it comes, and fills the result with all else. Throws when the answer breaks, or is not
   * what the protocol allows.
   */
  read(answer: HttpAnswer, call: CaseCall, result: CaseResult): AsyncGenerator<Buffer>;
}

export function isUnary({ testCase }: CaseCall): boolean {
  return testCase.request.streamType === 'STREAM_TYPE_UNARY';
}

/** Whether the call has exactly one response message, if it goes well. */
export function hasOneResponse({ testCase }: CaseCall): boolean {
  return isUnary({ testCase } as CaseCall) || testCase.request.streamType === 'STREAM_TYPE_CLIENT_STREAM';
}

export function codecName({ testCase }: CaseCall): 'proto' | 'json' {
  return testCase.codec === 'CODEC_JSON' ? 'json' : 'proto';
}

export function isGzip({ testCase }: CaseCall): boolean {
  return testCase.compression === 'COMPRESSION_GZIP';
}
