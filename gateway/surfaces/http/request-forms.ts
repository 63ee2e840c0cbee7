import type { IncomingMessage } from 'node:http';
import type { Incoming } from '../../bridge/index.js';
import { RpcError } from '../../status/index.js';
import { type MethodRequest, uploadOf } from '../exchange/index.js';
import { fieldsBesideBody, messageFromJson, messageFromQuery, textFromBytes } from '../message/index.js';
import { saysBody } from './announced-body.js';
import { BytesIncoming, messageFromBytes } from './bytes-incoming.js';
import { NdjsonIncoming } from './ndjson-incoming.js';
import { openBody } from './request-body.js';
import { singleIncoming } from './single-incoming.js';
import type { WholeBody } from './whole-body.js';

/** The message of a request without a body: everything is in path and query. */
export function openQuery(request: MethodRequest): Incoming {
  return singleIncoming(messageFromQuery(request));
}

/** The message of a JSON body, which has been read and checked when this resolves: bad input never reaches the service. */
export async function openJsonBody(request: MethodRequest, whole: WholeBody): Promise<Incoming> {
  // Before the body is touched: a bad query must not cost the client its connection.
  const address = fieldsBesideBody(request);
  const body = openBody(request);
  try {
    return singleIncoming(messageFromJson(request, textFromBytes(await body.readAll(whole)), address));
  } finally {
    body.close();
  }
}

/** The messages of an NDJSON body. */
export function openNdjsonBody(request: MethodRequest, whole: WholeBody): Incoming {
  return new NdjsonIncoming(request, whole.countUnfinished());
}

/** The messages, or the one, whose `bytes` field is the body. The method must have such a field. */
export function openFileBody(request: MethodRequest, whole: WholeBody): Incoming | Promise<Incoming> {
  const upload = uploadOf(request);
  if (upload === undefined) throw new TypeError('no field to upload');
  const { http } = request;
  assertHasBody(http);
  whole.upload.announce(Number(http.headers['content-length'] ?? 0));
  if (request.method.requestStream) return new BytesIncoming(request, upload, whole.upload);
  return messageFromBytes(request, upload, whole).then(singleIncoming);
}

/** Who forgets a file did not mean an empty one. */
function assertHasBody(request: IncomingMessage): void {
  if (saysBody(request)) return;
  throw new RpcError(
    'LENGTH_REQUIRED',
    'header content-length: there is no body, and this path takes a file: send it, or "content-length: 0" for an empty one',
  );
}
