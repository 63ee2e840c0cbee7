import type { OutgoingHttpHeaders } from 'node:http';
import type { Registry } from '@bufbuild/protobuf';
import type { Metadata, Status } from '../../status/index.js';
import {
  type HttpReply,
  joinedHeaders,
  openResponse,
  sendWhole,
  startStream,
  warnLeftOut,
} from '../http/index.js';
import { REASON_HEADER } from '../message/index.js';
import { type AnswerForm, answerMetadata, FrameFlag, frameOf } from '../rpc/index.js';
import type { ConnectCodec } from './connect-codec.js';
import { connectHeaders } from './connect-headers.js';
import { endOfStreamJson } from './connect-json.js';
import { STREAM_CODINGS } from './connect-request.js';

/** What stands around the frames of a stream of Connect: a head that is always 200, and one last frame that says how the call ended. */
export function connectFrames(codec: ConnectCodec): AnswerForm {
  const head: OutgoingHttpHeaders = { 'content-type': `application/connect+${codec}`, ...STREAM_CODINGS };
  return {
    start({ limits }, reply, metadata, own) {
      startStream(reply, joinedHeaders(head, connectHeaders(reply, metadata), own));
      return openResponse(reply.raw, limits.highWaterBytes);
    },
    async end({ registry }, reply, sink, status) {
      await sink.end(endOfStream(reply, status, registry));
    },
    sendStatus({ registry }, reply, status) {
      sendEndOfStream(reply, status, registry, codec);
    },
  };
}

/** Sends how a call ended as a stream of nothing else. Only while the head has not been sent. */
export function sendEndOfStream(
  reply: HttpReply,
  status: Status,
  registry: Registry,
  codec: ConnectCodec,
): void {
  sendWhole(reply, `application/connect+${codec}`, STREAM_CODINGS, endOfStream(reply, status, registry));
}

/** The last frame of a stream, with the trailers that go back; among them is the reason of the gateway. */
function endOfStream(reply: HttpReply, status: Status, registry: Registry): Buffer {
  const { pairs, leftOut } = answerMetadata(status.trailers);
  warnLeftOut(reply, leftOut);
  const said: Metadata = status.reason === undefined ? [] : [[REASON_HEADER, status.reason]];
  const json = JSON.stringify(endOfStreamJson(status, [...said, ...pairs], registry));
  return frameOf(FrameFlag.end, Buffer.from(json));
}
