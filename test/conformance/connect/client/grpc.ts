import type { CaseError, CaseHeader, CaseResult } from '../case-types.js';
import { codeOfHttpStatus, codeOfNumber } from '../rpc-codes.js';
import { type CaseCall, type ClientProtocol, codecName, hasOneResponse, isGzip } from './client-protocol.js';
import { COMPRESSED, framesOf, inflated, messageFrame } from './frames.js';
import { type CallHead, type HttpAnswer, headersOf, headerValue } from './http-calls.js';
import { checkGrpcStatus, checkNoHttpTrailers, checkWebTrailers } from './wire-checks.js';

/** The flag of the frame with the trailers in gRPC-Web. */
const TRAILERS = 0x80;

/** gRPC over HTTP/2. */
export const grpcProtocol: ClientProtocol = {
  head: (call) => head(call, 'application/grpc', [{ name: 'te', value: ['trailers'] }]),
  body: (message, { testCase }) => messageFrame(message, testCase.compression),
  read: (answer, call, result) => read(answer, call, result, 'application/grpc'),
};

/** gRPC-Web, binary. */
export const grpcWebProtocol: ClientProtocol = {
  head: (call) => head(call, 'application/grpc-web', [{ name: 'x-grpc-web', value: ['1'] }]),
  body: grpcProtocol.body,
  read: (answer, call, result) => read(answer, call, result, 'application/grpc-web'),
};

function head(call: CaseCall, type: string, more: readonly CaseHeader[]): CallHead {
  const { testCase } = call;
  const { timeoutMs, requestHeaders = [] } = testCase.request;
  const gzip = isGzip(call);
  return {
    verb: 'POST',
    path: `/${testCase.service}/${testCase.method}`,
    headers: [
      { name: 'content-type', value: [`${type}+${codecName(call)}`] },
      ...more,
      ...(gzip ? [{ name: 'grpc-encoding', value: ['gzip'] }] : []),
      ...(gzip ? [{ name: 'grpc-accept-encoding', value: ['gzip'] }] : []),
      ...(timeoutMs === undefined ? [] : [{ name: 'grpc-timeout', value: [`${timeoutMs}m`] }]),
      ...requestHeaders.map(({ name, value = [] }) => ({ name: name.toLowerCase(), value })),
    ],
  };
}

async function* read(
  answer: HttpAnswer,
  call: CaseCall,
  result: CaseResult,
  family: string,
): AsyncGenerator<Buffer> {
  const { headers, status } = answer;
  const type = headerValue(headers, 'content-type') ?? '';
  if (status !== 200) {
    for await (const _ of answer.body);
    result.error = { code: codeOfHttpStatus(status), message: `HTTP status ${status}` };
    return;
  }
  // The codec may be left out when it is that of protobuf.
  if (type !== `${family}+${codecName(call)}` && !(type === family && codecName(call) === 'proto'))
    throw new Error(`the answer is ${type || 'without content-type'}`);
  const encoding = headerValue(headers, 'grpc-encoding');
  let trailers: readonly CaseHeader[] | undefined;
  let count = 0;
  let isEmpty = true;
  for await (const { flags, payload } of framesOf(answer.body)) {
    isEmpty = false;
    if (trailers !== undefined) throw new Error('a frame after the trailers');
    if ((flags & ~(COMPRESSED | TRAILERS)) !== 0) throw new Error(`a frame with flags ${flags}`);
    const bytes = (flags & COMPRESSED) === 0 ? payload : inflated(payload, encoding);
    if ((flags & TRAILERS) !== 0) {
      if (family === 'application/grpc') throw new Error('trailers in the body');
      trailers = webTrailers(bytes.toString('latin1'), result.feedback);
      continue;
    }
    count += 1;
    yield bytes;
  }
  if (family === 'application/grpc') {
    const sent = answer.trailers();
    if (sent.length > 0) trailers = sent;
  } else checkNoHttpTrailers(answer.trailers(), result.feedback);
  // Trailers only: one block of headers is both.
  if (trailers === undefined && isEmpty && headerValue(headers, 'grpc-status') !== undefined)
    trailers = headers;
  if (trailers === undefined) throw new Error('the answer has no trailers');
  result.trailers = trailers;
  checkGrpcStatus(trailers, call.types, result.feedback);
  result.error = errorOf(trailers, call);
  if (result.error === undefined && hasOneResponse(call) && count !== 1)
    result.error = { code: 'CODE_UNIMPLEMENTED', message: `${count} response messages` };
}

function webTrailers(block: string, feedback: string[]): CaseHeader[] {
  checkWebTrailers(block, feedback);
  const lines = block.split('\r\n').filter((line) => line !== '');
  return headersOf(
    lines.flatMap((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
}

function errorOf(trailers: readonly CaseHeader[], { types }: CaseCall): CaseError | undefined {
  const status = Number(headerValue(trailers, 'grpc-status') ?? 2);
  if (status === 0) return undefined;
  const binary = headerValue(trailers, 'grpc-status-details-bin');
  const text = headerValue(trailers, 'grpc-message') ?? '';
  const whole =
    binary === undefined
      ? undefined
      : (types.decode('google.rpc.Status', Buffer.from(binary, 'base64')) as unknown as CaseError);
  return {
    code: codeOfNumber(status),
    message: decodeURIComponent(text),
    ...(whole?.details && { details: whole.details }),
  };
}
