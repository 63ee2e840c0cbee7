import { CONNECT } from './connect/index.js';
import { AFTER_EXPIRY, AT_EXPIRY, BEFORE_EXPIRY, downloadOf, type Surface } from './exchange/index.js';
import { GRPC, GRPC_WEB } from './grpc/index.js';
import {
  type AnswerKind,
  BytesOutgoing,
  createOwnProtocol,
  type HttpForms,
  type HttpProtocol,
  type HttpSurface,
  JSON_ARRAY,
  JSON_SEQ,
  JSONL,
  JsonOutgoing,
  JsonStreamOutgoing,
  MEDIA_TYPE,
  NDJSON,
  openFileBody,
  openJsonBody,
  openNdjsonBody,
  openQuery,
  SseOutgoing,
} from './http/index.js';
import { type RpcProtocol, rpcProtocolOf } from './rpc/index.js';

/** A stream of HTTP: it may last, and nothing but the client's end of it carries it. */
const STREAM = {
  answers: 'stream',
  finite: false,
  mayDrop: true,
  isBounded: true,
  hasCredit: false,
  hasIds: true,
  expiry: AT_EXPIRY,
} as const;

/** The answers of HTTP. Of those of one kind, the first is for clients that do not mind. docs/adding-a-surface.md adds a row. */
const ANSWERS: readonly HttpSurface[] = [
  {
    name: 'json',
    answers: 'message',
    mediaType: MEDIA_TYPE.json,
    finite: true,
    mayDrop: false,
    // One write, when the call is over.
    isBounded: false,
    hasCredit: false,
    hasIds: true,
    // Streams of requests.
    expiry: AT_EXPIRY,
    open: (request, reply) => new JsonOutgoing(request, reply),
  },
  {
    ...STREAM,
    name: 'ndjson',
    mediaType: MEDIA_TYPE.ndjson,
    open: (request, reply) => new JsonStreamOutgoing(request, reply, NDJSON),
  },
  {
    ...STREAM,
    name: 'sse',
    mediaType: MEDIA_TYPE.sse,
    expiry: BEFORE_EXPIRY,
    open: (request, reply) => new SseOutgoing(request, reply),
  },
  {
    ...STREAM,
    name: 'array',
    mediaType: MEDIA_TYPE.json,
    open: (request, reply) => new JsonStreamOutgoing(request, reply, JSON_ARRAY),
  },
  {
    ...STREAM,
    name: 'json-seq',
    mediaType: 'application/json-seq',
    open: (request, reply) => new JsonStreamOutgoing(request, reply, JSON_SEQ),
  },
  {
    ...STREAM,
    name: 'ndjson',
    mediaType: MEDIA_TYPE.jsonl,
    open: (request, reply) => new JsonStreamOutgoing(request, reply, JSONL),
  },
  {
    ...STREAM,
    name: 'bytes',
    answers: 'file',
    mediaType: MEDIA_TYPE.bytes,
    finite: true,
    mayDrop: false,
    expiry: AFTER_EXPIRY,
    open(request, reply) {
      const download = downloadOf(request);
      if (download === undefined) throw new TypeError('no field to download');
      return new BytesOutgoing(request, reply, download);
    },
  },
];

const answersOf = (kind: AnswerKind) => ANSWERS.filter(({ answers }) => answers === kind);

const WEBSOCKET: Surface = {
  name: 'websocket',
  finite: false,
  mayDrop: true,
  isBounded: true,
  hasCredit: false,
  hasIds: false,
  expiry: AT_EXPIRY,
};

const SESSION: Surface = {
  name: 'session',
  // The session ends its calls itself when the gateway drains.
  finite: true,
  mayDrop: true,
  isBounded: true,
  hasCredit: true,
  hasIds: true,
  // Of calls with a credential of their own; the session sees to the others.
  expiry: AT_EXPIRY,
};

/** The RPC protocols, in the order in which they are asked whether a request is theirs. */
const PROTOCOLS: readonly RpcProtocol[] = [GRPC, GRPC_WEB, CONNECT];

const FORMS: HttpForms = {
  requests: { query: openQuery, json: openJsonBody, ndjson: openNdjsonBody, bytes: openFileBody },
  answers: { message: answersOf('message'), stream: answersOf('stream'), file: answersOf('file') },
};

/** What a request speaks that names no RPC protocol. */
export const OWN_PROTOCOL: HttpProtocol = createOwnProtocol(FORMS);

/** What a request speaks, by its head alone: an RPC protocol at a path of gRPC, whether there is such a method or not, or our own. */
export function protocolOf(request: Parameters<typeof rpcProtocolOf>[1]): HttpProtocol {
  return rpcProtocolOf(PROTOCOLS, request) ?? OWN_PROTOCOL;
}

/** The surfaces of sockets. */
export interface Surfaces {
  readonly websocket: Surface;
  readonly session: Surface;
}

export const SURFACES: Surfaces = { websocket: WEBSOCKET, session: SESSION };
