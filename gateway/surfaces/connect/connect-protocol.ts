import { createRegistry } from '@bufbuild/protobuf';
import { RpcError, sharedError } from '../../status/index.js';
import { mediaTypeOf, parseConnectTimeout } from '../../wire/index.js';
import { AT_EXPIRY } from '../exchange/index.js';
import { answerAs, type ErrorAnswer, type HttpSurface, sendErrorAnswer } from '../http/index.js';
import { FrameOutgoing, type RpcProtocol, rpcMetadata } from '../rpc/index.js';
import { failureOfHttp } from './connect-code.js';
import { type ConnectCodec, codecNamed } from './connect-codec.js';
import { connectErrorAnswer } from './connect-error.js';
import { connectFrames, sendEndOfStream } from './connect-frames.js';
import { connectFormOf } from './connect-request.js';
import { ConnectUnaryOutgoing } from './unary-outgoing.js';

const NO_TYPES = createRegistry();

/** Says of a GET that it is one of Connect. Source: https://connectrpc.com/docs/protocol, "Unary-Get-Request". */
const GET_MARK = /(?:^|&)connect=v1(?:&|$)/;

const STREAM_TYPE = /^application\/connect\+/;

const NAME = 'connect';

/** The rows of `Surface` that this protocol has. */
function surfaceOf(codec: ConnectCodec, isStream: boolean): HttpSurface {
  const frames = connectFrames(codec);
  return isStream
    ? {
        name: NAME,
        rpcSystem: 'connectrpc',
        answers: 'stream',
        mediaType: `application/connect+${codec}`,
        finite: false,
        mayDrop: true,
        isBounded: true,
        hasCredit: false,
        hasIds: true,
        expiry: AT_EXPIRY,
        open: (request, reply) => new FrameOutgoing(request, reply, frames, codec === 'json'),
      }
    : {
        name: NAME,
        rpcSystem: 'connectrpc',
        answers: 'message',
        mediaType: `application/${codec}`,
        finite: true,
        mayDrop: false,
        // One write, when the call is over.
        isBounded: false,
        hasCredit: false,
        hasIds: true,
        expiry: AT_EXPIRY,
        open: (request, reply) => new ConnectUnaryOutgoing(request, reply, codec),
      };
}

const UNARY = { proto: surfaceOf('proto', false), json: surfaceOf('json', false) };
const STREAM = { proto: surfaceOf('proto', true), json: surfaceOf('json', true) };

/**
 * Connect. Its unary JSON has the path and the content type of our own: a request says by `Connect-Protocol-Version`, or `connect=v1` in the query of a
 * GET, that it is Connect's. Source: https://connectrpc.com/docs/protocol
 */
export const CONNECT: RpcProtocol = {
  name: NAME,
  speaks({ httpMethod, mediaType = '', headers, search }) {
    if (headers['connect-protocol-version'] !== undefined) return true;
    if (mediaType === 'application/proto' || STREAM_TYPE.test(mediaType)) return true;
    return (httpMethod === 'GET' || httpMethod === 'HEAD') && search !== '' && GET_MARK.test(search);
  },
  metadata: rpcMetadata,
  // Its deadlines are its clients' alone, as in gRPC.
  deadline(headers) {
    const header = headers['connect-timeout-ms'];
    if (header === undefined) return undefined;
    const timeoutMs = typeof header === 'string' ? parseConnectTimeout(header) : undefined;
    if (timeoutMs !== undefined) return Date.now() + timeoutMs;
    throw new RpcError(
      'INVALID_HEADER',
      'header connect-timeout-ms: must be at most 10 digits, which are milliseconds',
    );
  },
  async answer(request, named, reply, call, context) {
    const { codec, isStream, open } = connectFormOf(request);
    const surface = (isStream ? STREAM : UNARY)[codec];
    await answerAs({ open, surface }, request, named, reply, call, context);
  },
  unknownPath: (path) => sharedError('PATH_NOT_FOUND', `no method has the path ${path}`),
  refuse({ headers }, reply, error) {
    // What HTTP says first is said by its status, and the others by the last frame of a stream.
    const mediaType = failureOfHttp(error) === undefined ? mediaTypeOf(headers['content-type']) : undefined;
    const codec = codecNamed(mediaType, 'application/connect+');
    if (codec === undefined) sendErrorAnswer(reply, error.as(refusalAnswer));
    else sendEndOfStream(reply.headers(error.headers), error.toStatus(), NO_TYPES, codec);
  },
};

function refusalAnswer(error: RpcError): ErrorAnswer {
  return connectErrorAnswer(error.toStatus(), NO_TYPES, error.headers);
}
