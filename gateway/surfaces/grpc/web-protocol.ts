import type { Metadata } from '../../status/index.js';
import { joinedHeaders, openResponse, startStream } from '../http/index.js';
import { type AnswerForm, FrameFlag, frameOf, type RpcProtocol } from '../rpc/index.js';
import { Base64Body } from './base64-text.js';
import { createGrpcProtocol } from './grpc-protocol.js';
import { type GrpcTypes, isWebType } from './media-type.js';
import { answerHeaders, sendStatusHead, statusPairs } from './status-pairs.js';

/** Trailers as the last frame of a body: lines as HTTP/1 has them. */
function trailersFrame(pairs: Metadata): Buffer {
  let text = '';
  for (const [name, value] of pairs) text += `${name}: ${value}\r\n`;
  return frameOf(FrameFlag.trailers, Buffer.from(text, 'latin1'));
}

function webForm({ contentType, answersText }: GrpcTypes): AnswerForm {
  const types = { 'content-type': contentType, 'x-accel-buffering': 'no' };
  return {
    start(request, reply, metadata, own) {
      startStream(reply, joinedHeaders(answerHeaders(reply, metadata), own, types));
      const sink = openResponse(reply.raw, request.limits.highWaterBytes);
      return answersText ? new Base64Body(sink) : sink;
    },
    async end(_request, reply, sink, status) {
      await sink.end(trailersFrame(statusPairs(reply, status)));
    },
    sendStatus: (_request, reply, status, failure) => sendStatusHead(reply, contentType, status, failure),
  };
}

/** gRPC-Web, over any version of HTTP. Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md */
export const GRPC_WEB: RpcProtocol = createGrpcProtocol({
  name: 'grpc-web',
  isSpoken: isWebType,
  assertPossible() {},
  formOf: webForm,
  refuseOtherwise: () => false,
});
