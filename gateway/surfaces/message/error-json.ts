import {
  create,
  fromBinary,
  type JsonObject,
  type JsonValue,
  type Registry,
  toJson,
} from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import {
  Code,
  codeName,
  httpStatusFromCode,
  type Metadata,
  type Status,
  type StatusDetail,
} from '../../status/index.js';
import { trailersJson } from './response-metadata.js';

/** How an error looks to a client, in bodies, SSE errors and NDJSON. */
export interface ErrorJson {
  readonly error: {
    /** The HTTP status. */
    readonly code: number;
    /** The gRPC name. */
    readonly status: string;
    readonly message: string;
    readonly details: readonly JsonValue[];
  };
}

/** A detail as ProtoJSON of google.protobuf.Any; what the registry does not know keeps its bytes. */
export function detailJson(detail: StatusDetail, registry: Registry): JsonValue {
  if (detail.json !== undefined) return detail.json as JsonObject;
  // Not before: of a detail that is known as JSON the bytes are made when somebody asks for them.
  const { typeUrl, value } = detail;
  try {
    return toJson(AnySchema, create(AnySchema, { typeUrl, value }), { registry });
  } catch {
    return { '@type': typeUrl, value: Buffer.from(value).toString('base64') };
  }
}

function detailsJson(status: Status, registry: Registry): JsonValue[] {
  return status.details.map((detail) => detailJson(detail, registry));
}

/** The header that names the reason of the gateway, where a client cannot read the body: of HEAD, of a WebSocket that was refused. */
export const REASON_HEADER = 'sluice-reason';

/** The error object of a status; `httpStatus` where HTTP says it better than the code's own. */
export function errorJson(status: Status, registry: Registry, httpStatus?: number): ErrorJson {
  return {
    error: {
      code: httpStatus ?? httpStatusFromCode(status.code),
      status: codeName(status.code),
      message: status.message,
      details: detailsJson(status, registry),
    },
  };
}

/** The data of an SSE `end` event: google.rpc.Status as JSON, and the trailers that are passed on. */
export function endJson(status: Status, trailers: Metadata, registry: Registry): JsonObject {
  return {
    // Some servers spell out that OK means "OK".
    status: {
      code: status.code,
      message: status.code === Code.OK ? '' : status.message,
      details: detailsJson(status, registry),
    },
    trailers: trailersJson(trailers),
  };
}

const RETRY_INFO = 'google.rpc.RetryInfo';

/** The longest wait that a service can ask of a client, an hour: a mistake, or malice, must not keep clients away for years. */
const MAX_RETRY_MS = 3_600_000;

/** The milliseconds that a google.rpc.RetryInfo among the details asks to wait, if there is one; at most an hour. */
export function retryDelayMs(status: Status, registry: Registry): number | undefined {
  const detail = status.details.find(({ typeUrl }) => typeUrl.endsWith(`/${RETRY_INFO}`));
  if (detail === undefined) return undefined;
  const type = registry.getMessage(RETRY_INFO);
  if (detail.json === undefined && type === undefined) return undefined;
  try {
    // As JSON a duration is text: "1.500s".
    const json = (detail.json ?? (type && toJson(type, fromBinary(type, detail.value)))) as {
      retryDelay?: string;
    };
    const seconds = Number.parseFloat(json.retryDelay ?? '');
    return seconds >= 0 ? Math.min(seconds * 1_000, MAX_RETRY_MS) : undefined;
  } catch {
    return undefined;
  }
}
