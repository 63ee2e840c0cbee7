import type { Incoming } from '../../bridge/index.js';
import { Code, RpcError } from '../../status/index.js';
import { mediaTypeOf } from '../../wire/index.js';
import type { MethodRequest } from '../exchange/index.js';
import {
  BodyReader,
  methodNotAllowed,
  type OpenRequest,
  singleIncoming,
  type WholeBody,
} from '../http/index.js';
import { FrameIncoming, inflateMessageOf, inflateWhole, messageOfFrame } from '../rpc/index.js';
import { type ConnectCodec, codecOfEncoding, codecOfMediaType, wireOf } from './connect-codec.js';
import { parseConnectQuery } from './connect-query.js';

/** How the request of a call is taken, and what its answer consists of. */
export interface ConnectForm {
  readonly codec: ConnectCodec;
  readonly isStream: boolean;
  readonly open: OpenRequest;
}

/** What clients are told to compress with; deflate is taken too. Not Brotli, which needs up to 16 MiB to read the smallest message. */
const CODING = 'gzip';
const UNARY_CODINGS = { 'accept-encoding': CODING };
export const STREAM_CODINGS = { 'connect-accept-encoding': CODING };

/** How a request is taken. Throws 405, 415 or INVALID_ARGUMENT that says what would do. */
export function connectFormOf(request: MethodRequest): ConnectForm {
  const { method, http } = request;
  assertVersion(http.headers['connect-protocol-version']);
  const mediaType = mediaTypeOf(http.headers['content-type']);
  const isStream = method.requestStream || method.responseStream;
  const mayBeRead = !isStream && method.safe;
  if (mayBeRead && (http.method === 'GET' || http.method === 'HEAD')) return formOfQuery(request);
  if (http.method !== 'POST') throw methodNotAllowed(mayBeRead ? ['GET', 'HEAD', 'POST'] : ['POST']);
  if (!isStream) return formOfBody(codecOfMediaType(mediaType, 'application/'));
  return formOfFrames(request, codecOfMediaType(mediaType, 'application/connect+'));
}

function assertVersion(version: string | readonly string[] | undefined): void {
  if (version === undefined || version === '1') return;
  throw new RpcError('INVALID_HEADER', 'header connect-protocol-version: the gateway speaks version 1');
}

/** All of the request is in the address. */
function formOfQuery(request: MethodRequest): ConnectForm {
  const { encoding, compression, message } = parseConnectQuery(request.query);
  const codec = codecOfEncoding(encoding);
  return {
    codec,
    isStream: false,
    open: (request, whole) => openMessage(request, codec, message, compression, whole),
  };
}

/** One message is all of the body. */
function formOfBody(codec: ConnectCodec): ConnectForm {
  return { codec, isStream: false, open: (request, whole) => openBody(request, codec, whole) };
}

async function openBody(request: MethodRequest, codec: ConnectCodec, whole: WholeBody): Promise<Incoming> {
  const { http, limits } = request;
  const coding = http.headers['content-encoding'];
  // Before the body is touched: what cannot be read is not waited for.
  inflateMessageOf(coding, limits.maxMessageBytes, UNARY_CODINGS);
  const body = new BodyReader(http, limits, { pace: request.pace });
  try {
    return await openMessage(request, codec, await body.readAll(whole), coding, whole);
  } finally {
    body.close();
  }
}

async function openMessage(
  request: MethodRequest,
  codec: ConnectCodec,
  bytes: Buffer,
  coding: string | undefined,
  whole: WholeBody,
): Promise<Incoming> {
  const inflate = inflateMessageOf(coding, request.limits.maxMessageBytes, UNARY_CODINGS);
  const message = inflate === undefined ? bytes : await inflateWhole(inflate, bytes, whole);
  return singleIncoming(wireOf(request, codec, message));
}

/** The messages are frames of the body: any number of them, or exactly one. */
function formOfFrames({ http }: MethodRequest, codec: ConnectCodec): ConnectForm {
  const { headers } = http;
  return {
    codec,
    isStream: true,
    open(request, whole) {
      assertPlainBody(headers['content-encoding']);
      const coding = headers['connect-content-encoding'];
      const rules = {
        inflate: inflateMessageOf(
          typeof coding === 'string' ? coding : undefined,
          request.limits.maxMessageBytes,
          STREAM_CODINGS,
        ),
        toWire: (message: Buffer) => wireOf(request, codec, message),
      };
      if (request.method.requestStream) return new FrameIncoming(request, rules, whole.countUnfinished());
      return messageOfFrame(request, rules, whole).then(singleIncoming);
    },
  };
}

/** Frames are compressed one by one, so that each can be bounded and passed on as it comes. */
function assertPlainBody(coding: string | undefined): void {
  if (coding === undefined || coding.trim().toLowerCase() === 'identity') return;
  throw new RpcError(
    'UNSUPPORTED_CONTENT_ENCODING',
    'header content-encoding: messages of a stream are compressed one by one, see connect-content-encoding',
    { code: Code.UNIMPLEMENTED },
  );
}
