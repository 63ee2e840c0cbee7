import { RpcError } from '../../status/index.js';
import { joinedHeaders, openResponse, sendRefusalAsJson, startStream } from '../http/index.js';
import { type AnswerForm, MESSAGE_ENCODINGS, type RpcProtocol } from '../rpc/index.js';
import { createGrpcProtocol } from './grpc-protocol.js';
import { type GrpcTypes, isNativeType } from './media-type.js';
import { answerHeaders, headersOfPairs, sendStatusHead, statusPairs } from './status-pairs.js';

const FIRST_VERSION = 2;

function nativeForm({ contentType }: GrpcTypes): AnswerForm {
  const types = { 'content-type': contentType, 'grpc-accept-encoding': MESSAGE_ENCODINGS };
  return {
    start(request, reply, metadata, own) {
      const headers = joinedHeaders(answerHeaders(reply, metadata), own, types);
      startStream(reply, headers, { withTrailers: true });
      return openResponse(reply.raw, request.limits.highWaterBytes);
    },
    async end(_request, reply, body, status) {
      await body.end(undefined, headersOfPairs(statusPairs(reply, status)));
    },
    sendStatus: (_request, reply, status, failure) => sendStatusHead(reply, contentType, status, failure),
  };
}

/** gRPC as its own clients speak it, over HTTP/2. Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
export const GRPC: RpcProtocol = createGrpcProtocol({
  name: 'grpc',
  isSpoken: isNativeType,
  assertPossible({ httpVersion, httpVersionMajor }) {
    if (httpVersionMajor >= FIRST_VERSION) return;
    throw new RpcError(
      'HTTP_VERSION_TOO_OLD',
      `gRPC needs HTTP/2, and this is HTTP/${httpVersion}: use HTTP/2, or gRPC-Web`,
    );
  },
  formOf: nativeForm,
  // There are no trailers, and what sent this is no client of gRPC.
  refuseOtherwise(request, reply, error) {
    if (request.httpVersionMajor >= FIRST_VERSION) return false;
    sendRefusalAsJson(reply, error);
    return true;
  },
});
