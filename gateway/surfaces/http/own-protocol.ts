import { createRegistry } from '@bufbuild/protobuf';
import { type RpcError, sharedError } from '../../status/index.js';
import { DEFAULT_LIMITS } from '../exchange/index.js';
import { requestDeadline, requestMetadata } from '../message/index.js';
import { answerHttp } from './answer-http.js';
import type { HttpProtocol } from './http-protocol.js';
import type { HttpReply } from './http-reply.js';
import type { HttpForms } from './http-surface.js';
import { methodNotAllowed } from './negotiation.js';
import { type ErrorAnswer, errorAnswer, sendErrorAnswer } from './reply.js';
import { mustStayOk, sendRetryableEvent } from './sse-error.js';

const NO_TYPES = createRegistry();

/** What every request speaks that names no RPC protocol: JSON and its streams, events, files. */
export function createOwnProtocol(forms: HttpForms): HttpProtocol {
  return {
    metadata: ({ headers }, known, rules) => requestMetadata(headers, known, rules),
    deadline: requestDeadline,
    answer: (request, named, reply, call, context) => answerHttp(request, named, reply, call, context, forms),
    unknownPath(path, allowed) {
      if (allowed.length > 0) return methodNotAllowed(allowed);
      return sharedError('PATH_NOT_FOUND', `no method has the path ${path}`);
    },
    refuse(request, reply, error) {
      if (mustStayOk(request, error)) sendRetryableEvent(reply, error, DEFAULT_LIMITS.retryMs);
      else sendRefusalAsJson(reply, error);
    },
  };
}

/** A refusal as our own clients get it. */
export function sendRefusalAsJson(reply: HttpReply, error: RpcError): void {
  sendErrorAnswer(reply, error.as(refusalAsJson));
}

function refusalAsJson(error: RpcError): ErrorAnswer {
  return errorAnswer(error.toStatus(), NO_TYPES, error);
}
