import type { OutgoingHttpHeaders } from 'node:http';
import type { Metadata, RpcError, Status } from '../../status/index.js';
import type { MethodRequest } from '../exchange/index.js';
import type { HttpReply } from '../http/index.js';
import type { TextOutgoing } from '../message/index.js';

/** Where frames go: the response, or what writes them as text to it. */
export interface FrameBody extends TextOutgoing {
  /** Ends the body as a whole one, after these bytes. Resolves when they have left this process, or the client has. */
  end(bytes?: Uint8Array, trailers?: OutgoingHttpHeaders): Promise<void>;
}

/** What a protocol puts around the frames of an answer. */
export interface AnswerForm {
  /**
   * Sends the head of an answer with messages, and says where they go. `metadata`: what the service has sent before them; `own`: headers of the
   * gateway.
   */
  start(
    request: MethodRequest,
    reply: HttpReply,
    metadata: Metadata,
    own: OutgoingHttpHeaders | undefined,
  ): FrameBody;
  /** The end of an answer whose head has been sent. Resolves when the client has everything, or has left. */
  end(request: MethodRequest, reply: HttpReply, sink: FrameBody, status: Status): Promise<void>;
  /**
   * The whole of an answer without messages and without metadata of its own. `failure`: it is one of the gateway's, which may say more. Resolves
   * when it has been handed over.
   */
  sendStatus(
    request: MethodRequest,
    reply: HttpReply,
    status: Status,
    failure: RpcError | undefined,
  ): Promise<void> | void;
}
