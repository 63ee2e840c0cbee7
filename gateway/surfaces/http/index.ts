export { answerAs } from './answer-http.js';
export { BodyReader, discardBody } from './body-reader.js';
export { reasonOf } from './body-refusal.js';
export { BytesOutgoing } from './bytes-outgoing.js';
export {
  CODINGS,
  type ContentCoding,
  codingFor,
  compressed,
  LEAST_COMPRESSED_BYTES,
  varyByEncoding,
} from './compress-whole.js';
export { HttpPeer } from './http-peer.js';
export type { HttpCall, HttpProtocol, NamedRequest } from './http-protocol.js';
export type { HttpReply } from './http-reply.js';
export type { AnswerKind, HttpForms, HttpSurface, Negotiated, OpenRequest } from './http-surface.js';
export { JSON_ARRAY } from './json-array.js';
export { DRAINING, JsonOutgoing } from './json-outgoing.js';
export { JSON_SEQ } from './json-seq.js';
export { JsonStreamOutgoing } from './json-stream-outgoing.js';
export { JSONL, NDJSON } from './ndjson.js';
export { ACCEPT_QUERY, MEDIA_TYPE, methodNotAllowed } from './negotiation.js';
export { openResponse } from './open-response.js';
export { createOwnProtocol, sendRefusalAsJson } from './own-protocol.js';
export {
  type ErrorAnswer,
  exposeNames,
  joinedHeaders,
  sendError,
  sendErrorAnswer,
  sendWhole,
  startStream,
  warnLeftOut,
} from './reply.js';
export { openFileBody, openJsonBody, openNdjsonBody, openQuery } from './request-forms.js';
export { singleIncoming } from './single-incoming.js';
export { sendSnapshots } from './snapshot-events.js';
export { SseOutgoing } from './sse-outgoing.js';
export type { WholeBody } from './whole-body.js';
