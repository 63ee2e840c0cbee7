import { fromBinary, type JsonValue, type Registry, toJson } from '@bufbuild/protobuf';
import { Code, type Metadata, type Status, type StatusDetail } from '../../status/index.js';
import { unpadded } from '../rpc/index.js';
import { connectFailure } from './connect-code.js';

/** One detail of a failure. */
interface ConnectDetail {
  /** The full name, without the prefix that a type URL has. */
  readonly type: string;
  /** The bytes as base64, without padding. */
  readonly value: string;
  /** The same for people, where the type is known. Clients that understand a detail read `value`. */
  readonly debug?: JsonValue;
}

/** A failure as the body of a unary answer, and as `error` at the end of a stream. Source: https://connectrpc.com/docs/protocol, "Error". */
export interface ConnectErrorJson {
  readonly code: string;
  readonly message?: string;
  readonly details?: readonly ConnectDetail[];
}

/** The last frame of a stream. Source: https://connectrpc.com/docs/protocol, "EndStreamResponse". */
export interface EndOfStreamJson {
  /** Absent where the call went well. */
  readonly error?: ConnectErrorJson;
  /** The trailers: a name has all of its values. */
  readonly metadata?: Readonly<Record<string, readonly string[]>>;
}

/** The error of a status. Its details are those of the service: what the gateway says besides is its reason, which has a place of its own. */
export function connectErrorJson(status: Status, registry: Registry): ConnectErrorJson {
  const { message, reason } = status;
  const details = reason === undefined ? status.details : [];
  return {
    code: connectFailure(status).code,
    ...(message !== '' && { message }),
    ...(details.length > 0 && { details: details.map((detail) => connectDetail(detail, registry)) }),
  };
}

/** The end of a stream; `trailers`: those that go back, and what the gateway says besides. */
export function endOfStreamJson(status: Status, trailers: Metadata, registry: Registry): EndOfStreamJson {
  return {
    ...(status.code !== Code.OK && { error: connectErrorJson(status, registry) }),
    ...(trailers.length > 0 && { metadata: valuesByName(trailers) }),
  };
}

function connectDetail(detail: StatusDetail, registry: Registry): ConnectDetail {
  const { typeUrl, value } = detail;
  const type = typeUrl.slice(typeUrl.lastIndexOf('/') + 1);
  const debug = debugOf(type, detail, registry);
  return { type, value: unpadded(base64Of(value)), ...(debug !== undefined && { debug }) };
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

function debugOf(name: string, { value }: StatusDetail, registry: Registry): JsonValue | undefined {
  const type = registry.getMessage(name);
  if (type === undefined) return undefined;
  try {
    return toJson(type, fromBinary(type, value), { registry });
  } catch {
    // It is not one of its type, or holds an Any of a type that nobody knows.
    return undefined;
  }
}

function valuesByName(pairs: Metadata): Record<string, string[]> {
  const values: Record<string, string[]> = Object.create(null);
  for (const [name, value] of pairs) {
    const before = values[name];
    if (before === undefined) values[name] = [value];
    else before.push(value);
  }
  return values;
}
