import { isDeepStrictEqual } from 'node:util';
import { type CaseSchema, TYPE_PREFIX } from '../case-schema.js';
import type { CaseHeader } from '../case-types.js';
import { codeOfConnectName } from '../rpc-codes.js';
import { headerValue } from './http-calls.js';

// What the official reference client finds fault with although the call has gone well. Each check adds to the feedback.

const FIELD_NAME = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;
/** Tab and what is visible; bytes above 127 are allowed. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const TYPE_NAME = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/;
const UNPADDED = /^[A-Za-z\d+/]*$/;

/** Only gRPC itself has them. */
export function checkNoHttpTrailers(trailers: readonly CaseHeader[], feedback: string[]): void {
  if (trailers.length > 0) feedback.push(`${trailers.length} HTTP trailers`);
}

/** The block of text at the end of a gRPC-Web body. */
export function checkWebTrailers(block: string, feedback: string[]): void {
  if (!block.endsWith('\r\n')) feedback.push('the trailers do not end with CRLF');
  if (/(?<!\r)\n/.test(block)) feedback.push('the trailers have a line that ends with LF alone');
  for (const line of block.split('\r\n').slice(0, -1)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    if (line === '') feedback.push('the trailers have a blank line');
    else if (/^[ \t]/.test(line)) feedback.push('the trailers have a folded line');
    else if (colon < 0) feedback.push(`the trailer ${line} has no colon`);
    else if (!FIELD_NAME.test(name)) feedback.push(`${name} is no name of a field`);
    else if (name !== name.toLowerCase()) feedback.push(`the trailer ${name} is not in lower case`);
    else if (!FIELD_VALUE.test(line.slice(colon + 1)))
      feedback.push(`the trailer ${name} has no value of a field`);
  }
}

/** grpc-status, grpc-message and the details agree, and are spelled as the specification says. */
export function checkGrpcStatus(
  trailers: readonly CaseHeader[],
  types: CaseSchema,
  feedback: string[],
): void {
  for (const name of ['grpc-status', 'grpc-message', 'grpc-status-details-bin']) {
    const count = trailers.find((header) => header.name === name)?.value?.length ?? 0;
    if (count > 1 || (count === 0 && name === 'grpc-status')) feedback.push(`${count} trailers ${name}`);
  }
  const status = headerValue(trailers, 'grpc-status') ?? '';
  if (!/^(?:\d|1[0-6])$/.test(status)) feedback.push(`grpc-status is ${status}`);
  const message = headerValue(trailers, 'grpc-message') ?? '';
  if (!/^(?:[\x20-\x24\x26-\x7e]|%[\dA-Fa-f]{2})*$/.test(message))
    feedback.push(`grpc-message is not percent-encoded: ${JSON.stringify(message)}`);
  if (status === '0' && message !== '') feedback.push('grpc-message of a call without error');
  for (const { name, value = [] } of trailers) {
    if (name.endsWith('-bin') && !value.every((one) => UNPADDED.test(one)))
      feedback.push(`${name} is not unpadded base64`);
  }
  const binary = headerValue(trailers, 'grpc-status-details-bin');
  if (binary === undefined) return;
  const whole = types.decode('google.rpc.Status', Buffer.from(binary, 'base64')) as {
    code?: number;
    message?: string;
    details?: unknown[];
  };
  if ((whole.code ?? 0) !== Number(status))
    feedback.push(`grpc-status is ${status}, the details say ${whole.code}`);
  if (status === '0' && whole.details !== undefined) feedback.push('details of a call without error');
  if (
    headerValue(trailers, 'grpc-message') !== undefined &&
    (whole.message ?? '') !== decodeURIComponent(message)
  )
    feedback.push(`grpc-message is ${message}, the details say ${whole.message}`);
}

/** The JSON of a Connect error. */
export function checkConnectError(text: string, types: CaseSchema, feedback: string[]): void {
  checkError(objectOf(text, 'the error', feedback), types, feedback);
}

function checkError(error: Readonly<Record<string, unknown>>, types: CaseSchema, feedback: string[]): void {
  checkMembers('the error', error, ['code', 'message', 'details'], feedback);
  if (codeOfConnectName(error.code) === undefined) feedback.push(`the error has the code ${error.code}`);
  if (!['undefined', 'string'].includes(typeof error.message)) feedback.push('the message is no text');
  const details = error.details ?? [];
  if (!Array.isArray(details)) {
    feedback.push('the details are no list');
    return;
  }
  for (const detail of details) {
    checkMembers('a detail', detail, ['type', 'value', 'debug'], feedback);
    const { type, value, debug } = detail;
    if (typeof type !== 'string' || !TYPE_NAME.test(type)) feedback.push(`a detail has the type ${type}`);
    else if (typeof value !== 'string' || !UNPADDED.test(value))
      feedback.push(`the value of ${type} is not unpadded base64`);
    else if (debug !== undefined) {
      const expected = types.decode(type, Buffer.from(value, 'base64'));
      const { '@type': typed, ...given } = debug;
      if (typed !== undefined && typed !== TYPE_PREFIX + type)
        feedback.push(`debug of ${type} is of ${typed}`);
      if (!isDeepStrictEqual(types.canonical(type, given), expected))
        feedback.push(`debug of ${type} disagrees with its value`);
    }
  }
}

/** The JSON that ends a stream. */
export function checkEndStream(text: string, types: CaseSchema, feedback: string[]): void {
  const end = objectOf(text, 'the end of the stream', feedback);
  checkMembers('the end of the stream', end, ['error', 'metadata'], feedback);
  const { error, metadata } = end;
  if ('error' in end) {
    if (typeof error === 'object' && error !== null)
      checkError(error as Record<string, unknown>, types, feedback);
    else feedback.push('the error is no object');
  }
  if (!('metadata' in end)) return;
  if (typeof metadata !== 'object' || metadata === null) {
    feedback.push('the metadata are no object');
    return;
  }
  for (const [name, values] of Object.entries(metadata)) {
    if (!FIELD_NAME.test(name)) feedback.push(`${name} is no name of a field`);
    const isList =
      Array.isArray(values) && values.every((value) => typeof value === 'string' && FIELD_VALUE.test(value));
    if (!isList) feedback.push(`the metadata ${name} are no list of values of a field`);
  }
}

function objectOf(text: string, what: string, feedback: string[]): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  feedback.push(`${what} is no object`);
  return {};
}

function checkMembers(what: string, value: object, allowed: readonly string[], feedback: string[]): void {
  for (const name of Object.keys(value))
    if (!allowed.includes(name)) feedback.push(`${what} has a member ${name}`);
}
