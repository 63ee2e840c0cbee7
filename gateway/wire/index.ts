export { chooseMediaType, mediaTypeOf, namesMediaType, namesOnly } from './accept.js';
export { chooseCoding, forbidsTransform } from './accept-encoding.js';
export { CALLS_PATH, locationInPath, locationOfPath } from './calls-path.js';
export { CloseCode, closeFromStatus, cutReason } from './close-code.js';
export { parseConnectTimeout } from './connect-timeout.js';
export { contentDisposition } from './content-disposition.js';
export {
  cursorFromId,
  endId,
  idFromCursor,
  type LastEventId,
  MAX_EVENT_ID_LENGTH,
  parseLastEventId,
} from './event-id.js';
export { encodeGrpcMessage } from './grpc-status-text.js';
export { parseGrpcTimeout } from './grpc-timeout.js';
export { formatSseComment, formatSseEvent, formatSseRetry, type SseEvent } from './sse.js';
export {
  formatTraceparent,
  MAX_TRACESTATE_LENGTH,
  parseTraceparent,
  type TraceContext,
  usableTracestate,
} from './trace-context.js';
export { frameHeadBytes, MAX_FRAME_HEAD_BYTES, Opcode, putFrameHead } from './websocket-frame.js';
