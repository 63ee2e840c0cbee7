import { Code, type CodeName } from '../../../gateway/status/index.js';
import type { Outcome, Surface } from './surface.js';

/** Written down a second time, from the document and not from the code. Source: google/rpc/code.proto. */
const HTTP_STATUS: Record<Exclude<CodeName, 'OK'>, number> = {
  CANCELLED: 499,
  UNKNOWN: 500,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
  UNAUTHENTICATED: 401,
};

/** Section 6. */
const RETRYABLE: readonly CodeName[] = ['UNAVAILABLE', 'RESOURCE_EXHAUSTED', 'ABORTED', 'DEADLINE_EXCEEDED'];

export const FAILURES = Object.keys(HTTP_STATUS) as Exclude<CodeName, 'OK'>[];

/**
 * What PROTOCOL.md promises a client of a call that ended so. `early`: before the head and the first message; `late`: after the
 * client has the first message.
 */
export function promised(surface: Surface, code: CodeName, when: 'early' | 'late'): Outcome {
  const { name, kind } = surface;
  if (name.startsWith('session')) return { code, told: 'stream', status: Code[code] };
  if (name.startsWith('websocket'))
    return { code, told: 'close', status: code === 'OK' ? 1_000 : 4_000 + Code[code] };
  // Section 18: whatever happens, the status is the last thing of an answer that is 200.
  if (name.startsWith('grpc')) return { code, told: 'stream', status: 200 };
  // Section 19: streams are always 200, and say how they ended as the last thing.
  if (name.startsWith('connect') && kind !== 'unary') return { code, told: 'stream', status: 200 };
  // One message is one body: there is nothing before it.
  const isOneAnswer = kind === 'unary' || kind === 'up';
  if (code === 'OK') return { code, told: isOneAnswer ? 'head' : 'stream', status: 200 };
  // An EventSource, which is a GET, gives up for ever on any other status.
  const staysOk = name === 'sse' && RETRYABLE.includes(code);
  if (isOneAnswer || (when === 'early' && !staysOk)) return { code, told: 'head', status: HTTP_STATUS[code] };
  // Bytes are never mixed with text.
  return name === 'bytes' ? { told: 'break', status: 200 } : { code, told: 'stream', status: 200 };
}
