import { gunzipSync, gzipSync } from 'node:zlib';
import { TYPE_PREFIX } from '../case-schema.js';
import type { AnyJson, CaseError, CaseHeader, CaseResult } from '../case-types.js';
import { codeOfConnectName, codeOfHttpStatus } from '../rpc-codes.js';
import {
  type CaseCall,
  type ClientProtocol,
  codecName,
  hasOneResponse,
  isGzip,
  isUnary,
} from './client-protocol.js';
import { COMPRESSED, framesOf, inflated, messageFrame, wholeOf } from './frames.js';
import { type CallHead, type HttpAnswer, headerValue } from './http-calls.js';
import { checkConnectError, checkEndStream, checkNoHttpTrailers } from './wire-checks.js';

/** The flag of the frame that ends a stream. */
const END_STREAM = 0x02;

interface ErrorBody {
  readonly code?: unknown;
  readonly message?: string;
  readonly details?: readonly { readonly type: string; readonly value: string }[];
}

interface EndStream {
  readonly error?: ErrorBody;
  readonly metadata?: Readonly<Record<string, readonly string[]>>;
}

/** Connect: unary calls with POST or GET, and streams. */
export const connectProtocol: ClientProtocol = {
  head: (call) => (call.testCase.request.useGetHttpMethod ? getHead(call) : postHead(call)),
  body(message, call) {
    if (!isUnary(call)) return messageFrame(message, call.testCase.compression);
    return isGzip(call) && message.length > 0 ? gzipSync(message) : message;
  },
  read: (answer, call, result) =>
    isUnary(call) ? readUnary(answer, call, result) : readStream(answer, call, result),
};

function postHead(call: CaseCall): CallHead {
  const prefix = isUnary(call) ? '' : 'connect-';
  const type = `application/${isUnary(call) ? '' : 'connect+'}${codecName(call)}`;
  return {
    verb: 'POST',
    path: pathOf(call),
    headers: [
      { name: 'content-type', value: [type] },
      { name: 'connect-protocol-version', value: ['1'] },
      ...(isGzip(call) ? [{ name: `${prefix}content-encoding`, value: ['gzip'] }] : []),
      ...(isGzip(call) ? [{ name: `${prefix}accept-encoding`, value: ['gzip'] }] : []),
      ...commonHeaders(call),
    ],
  };
}

function getHead(call: CaseCall): CallHead {
  const [message = Buffer.alloc(0)] = call.messages;
  const query =
    codecName(call) === 'json'
      ? { encoding: 'json', message: message.toString() }
      : { encoding: 'proto', base64: '1', message: message.toString('base64url') };
  return {
    verb: 'GET',
    path: `${pathOf(call)}?${new URLSearchParams({ connect: 'v1', ...query })}`,
    headers: [
      ...(isGzip(call) ? [{ name: 'accept-encoding', value: ['gzip'] }] : []),
      ...commonHeaders(call),
    ],
    isBodiless: true,
  };
}

function pathOf({ testCase }: CaseCall): string {
  return `/${testCase.service}/${testCase.method}`;
}

function commonHeaders({ testCase }: CaseCall): CaseHeader[] {
  const { timeoutMs, requestHeaders = [] } = testCase.request;
  return [
    ...(timeoutMs === undefined ? [] : [{ name: 'connect-timeout-ms', value: [String(timeoutMs)] }]),
    ...requestHeaders.map(({ name, value = [] }) => ({ name: name.toLowerCase(), value })),
  ];
}

async function* readUnary(answer: HttpAnswer, call: CaseCall, result: CaseResult): AsyncGenerator<Buffer> {
  const { status, headers } = answer;
  const sent = await wholeOf(answer.body);
  checkNoHttpTrailers(answer.trailers(), result.feedback);
  const encoding = headerValue(headers, 'content-encoding') ?? 'identity';
  if (encoding !== 'identity' && encoding !== 'gzip')
    throw new Error(`the answer is encoded with ${encoding}`);
  if (encoding === 'gzip' && !isGzip(call))
    throw new Error('the answer is compressed, which was not asked for');
  const bytes = encoding === 'gzip' && sent.length > 0 ? gunzipSync(sent) : sent;
  const type = headerValue(headers, 'content-type') ?? '';
  result.headers = headers.filter(({ name }) => !name.startsWith('trailer-'));
  result.trailers = headers
    .filter(({ name }) => name.startsWith('trailer-'))
    .map(({ name, value = [] }) => ({ name: name.slice('trailer-'.length), value }));
  if (status === 200) {
    if (type !== `application/${codecName(call)}`)
      throw new Error(`the answer is ${type || 'without content-type'}`);
    yield bytes;
    return;
  }
  result.error = { code: codeOfHttpStatus(status), message: `HTTP status ${status}` };
  if (type !== 'application/json') return;
  const text = bytes.toString();
  checkConnectError(text, call.types, result.feedback);
  result.error = errorOf(JSON.parse(text), call, result.error.code);
}

async function* readStream(answer: HttpAnswer, call: CaseCall, result: CaseResult): AsyncGenerator<Buffer> {
  const { status, headers } = answer;
  if (status !== 200) {
    for await (const _ of answer.body);
    result.error = { code: codeOfHttpStatus(status), message: `HTTP status ${status}` };
    return;
  }
  const type = headerValue(headers, 'content-type') ?? '';
  if (type !== `application/connect+${codecName(call)}`)
    throw new Error(`the answer is ${type || 'without content-type'}`);
  const encoding = headerValue(headers, 'connect-content-encoding');
  let end: EndStream | undefined;
  let count = 0;
  for await (const { flags, payload } of framesOf(answer.body)) {
    if (end !== undefined) throw new Error('a frame after the end of the stream');
    if ((flags & ~(COMPRESSED | END_STREAM)) !== 0) throw new Error(`a frame with flags ${flags}`);
    const bytes = (flags & COMPRESSED) === 0 ? payload : inflated(payload, encoding);
    if ((flags & END_STREAM) !== 0) {
      const text = bytes.toString();
      checkEndStream(text, call.types, result.feedback);
      end = JSON.parse(text) as EndStream;
      continue;
    }
    count += 1;
    yield bytes;
  }
  checkNoHttpTrailers(answer.trailers(), result.feedback);
  if (end === undefined) throw new Error('the stream has no end');
  result.trailers = Object.entries(end.metadata ?? {}).map(([name, value]) => ({
    name: name.toLowerCase(),
    value,
  }));
  if (end.error !== undefined) result.error = errorOf(end.error, call, 'CODE_UNKNOWN');
  else if (hasOneResponse(call) && count !== 1)
    result.error = { code: 'CODE_UNIMPLEMENTED', message: `${count} response messages` };
}

/** What the JSON of an error says; `inferred` where it has no code. */
function errorOf(body: ErrorBody, { types }: CaseCall, inferred: string): CaseError {
  const details = (body.details ?? []).map(
    ({ type, value }): AnyJson => ({
      '@type': TYPE_PREFIX + type,
      ...(types.decode(type, Buffer.from(value, 'base64')) as object),
    }),
  );
  return {
    code: codeOfConnectName(body.code) ?? inferred,
    message: body.message ?? '',
    ...(details.length > 0 && { details }),
  };
}
