import { Code, codeFromHttpStatus, type Status } from '../../../status/index.js';
import { localStatus, receivedStatus } from '../../received-status.js';
import { ErrorCode, type RawHeaders } from '../h2/index.js';
import { firstValue, pairsFromRaw } from './call-headers.js';
import { decodeGrpcMessage } from './grpc-message.js';

/** The trailers that were looked at last, and what they say: most calls end with the same list. */
let last: { readonly raw: RawHeaders; readonly status: Status } | undefined;

/**
 * The status that trailers carry (or headers, when there is nothing else). Without `grpc-status` it was no gRPC
 * service that answered, and the HTTP status says what it can.
 */
export function statusFromTrailers(raw: RawHeaders, httpStatus: number): Status {
  if (last?.raw === raw) return last.status;
  const code = firstValue(raw, 'grpc-status');
  if (code === undefined) {
    return { ...statusFromHttp(httpStatus, 'without a grpc-status'), trailers: pairsFromRaw(raw) };
  }
  const details = firstValue(raw, 'grpc-status-details-bin');
  const status = receivedStatus(
    /^[0-9]{1,9}$/.test(code) ? Number(code) : Code.UNKNOWN,
    decodeGrpcMessage(firstValue(raw, 'grpc-message') ?? ''),
    details === undefined ? undefined : Buffer.from(details, 'base64'),
    pairsFromRaw(raw),
    false,
  );
  if (status.code === Code.OK) last = { raw, status };
  return status;
}

/** What an HTTP answer that is not gRPC means. Source: grpc/doc/http-grpc-status-mapping.md */
export function statusFromHttp(httpStatus: number, how: string): Status {
  return localStatus('UPSTREAM_HTTP_STATUS', `the upstream answered with HTTP status ${httpStatus} ${how}`, {
    code: codeFromHttpStatus(httpStatus),
    httpStatus,
  });
}

/** Whether a content type is gRPC's: "application/grpc", "application/grpc+proto", "application/grpc;..." */
export function isGrpcContentType(contentType: string | undefined): boolean {
  if (contentType === 'application/grpc') return true;
  return contentType !== undefined && /^application\/grpc($|[+;\s])/i.test(contentType);
}

const BROKEN = { isBroken: true } as const;

/** What the reset of a stream means. Source: grpc/doc/PROTOCOL-HTTP2.md, "Errors". */
export function statusFromReset(rstCode: number): Status {
  switch (rstCode) {
    case ErrorCode.NO_ERROR:
      return localStatus('UPSTREAM_PROTOCOL_ERROR', 'the upstream ended the call without a status', BROKEN);
    case ErrorCode.REFUSED_STREAM:
      return localStatus('UPSTREAM_RESET', 'the upstream refused the call before it looked at it', {
        code: Code.UNAVAILABLE,
        ...BROKEN,
      });
    case ErrorCode.CANCEL:
      return localStatus('UPSTREAM_RESET', 'the upstream cancelled the call', {
        code: Code.CANCELLED,
        ...BROKEN,
      });
    case ErrorCode.ENHANCE_YOUR_CALM:
      return localStatus('UPSTREAM_RESET', 'the upstream asks for less: ENHANCE_YOUR_CALM', {
        code: Code.RESOURCE_EXHAUSTED,
      });
    case ErrorCode.INADEQUATE_SECURITY:
      return localStatus('UPSTREAM_RESET', 'the upstream finds the connection not secure enough', {
        code: Code.PERMISSION_DENIED,
      });
    default:
      return localStatus('UPSTREAM_RESET', `the upstream reset the call with HTTP/2 code ${rstCode}`, BROKEN);
  }
}

/** What it means that we have reset a stream, because the peer broke a rule or went over a limit of ours: it has asked for nothing. */
export function statusFromBreach(code: number, breach: string): Status {
  const ownLimit = code === ErrorCode.ENHANCE_YOUR_CALM;
  return localStatus(ownLimit ? 'UPSTREAM_TOO_LARGE' : 'UPSTREAM_PROTOCOL_ERROR', `the upstream ${breach}`);
}
