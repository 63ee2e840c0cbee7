import type { IncomingMessage } from 'node:http';
import { Code, RpcError, sharedError } from '../../status/index.js';
import { AT_EXPIRY, type MethodRequest } from '../exchange/index.js';
import {
  answerAs,
  type HttpReply,
  type HttpSurface,
  methodNotAllowed,
  type Negotiated,
} from '../http/index.js';
import { requestDeadline } from '../message/index.js';
import {
  type AnswerForm,
  FrameOutgoing,
  inflateMessageOf,
  openFrames,
  type RpcProtocol,
  rpcMetadata,
  wireOfJson,
} from '../rpc/index.js';
import { Base64Reader } from './base64-text.js';
import { type GrpcTypes, grpcTypes } from './media-type.js';
import { sendRefusalHead } from './status-pairs.js';

/** What native gRPC and gRPC-Web differ in. */
export interface GrpcVariant {
  readonly name: string;
  /** Whether a media type is its. */
  isSpoken(mediaType: string | undefined): boolean;
  /** Throws where a request cannot be answered in this way at all. */
  assertPossible(request: IncomingMessage): void;
  formOf(types: GrpcTypes): AnswerForm;
  /** Refuses a request that cannot be answered in this way; false: it can. */
  refuseOtherwise(request: IncomingMessage, reply: HttpReply, error: RpcError): boolean;
}

/** A protocol of gRPC. */
export function createGrpcProtocol(variant: GrpcVariant): RpcProtocol {
  return {
    name: variant.name,
    speaks: ({ mediaType }) => variant.isSpoken(mediaType),
    metadata: rpcMetadata,
    // Its deadlines are its clients' alone: one that says none may wait for as long as the service does.
    deadline: (headers) => requestDeadline(headers, 0),
    async answer(request, named, reply, call, context) {
      await answerAs(negotiated(variant, request), request, named, reply, call, context);
    },
    unknownPath: (path) => sharedError('METHOD_NOT_FOUND', `there is no method ${path.slice(1)}`),
    refuse(request, reply, error) {
      if (variant.refuseOtherwise(request, reply, error)) return;
      sendRefusalHead(reply, answerTypeOf(request), error);
    },
  };
}

function negotiated(variant: GrpcVariant, request: MethodRequest): Negotiated {
  const { http, limits } = request;
  variant.assertPossible(http);
  if (http.method !== 'POST') throw methodNotAllowed(['POST']);
  const types = grpcTypes(http.headers['content-type'], http.headers.accept);
  const encoding = http.headers['grpc-encoding'];
  const inflate = inflateMessageOf(
    Array.isArray(encoding) ? encoding.join() : encoding,
    limits.maxMessageBytes,
  );
  const isJson = types.codec === 'json';
  const surface: HttpSurface = {
    name: variant.name,
    answers: 'stream',
    mediaType: types.contentType,
    finite: false,
    mayDrop: true,
    isBounded: true,
    hasCredit: false,
    hasIds: true,
    expiry: AT_EXPIRY,
    open: (of, reply) => new FrameOutgoing(of, reply, variant.formOf(types), isJson),
  };
  const open = openFrames({
    inflate,
    toWire: isJson ? wireOfJson(request) : undefined,
    openText: types.isText ? () => new Base64Reader() : undefined,
  });
  return { open, surface };
}

/** Of a refusal, whatever is wrong with the request. */
function answerTypeOf({ headers }: IncomingMessage): string {
  try {
    return grpcTypes(headers['content-type'], headers.accept).contentType;
  } catch (reason) {
    if (RpcError.from(reason).code !== Code.UNIMPLEMENTED) throw reason;
    return 'application/grpc';
  }
}
