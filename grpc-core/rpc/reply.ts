import { Metadata, type ServerDuplexStream } from '@grpc/grpc-js';
import type { CoreError } from '../base/index.js';
import { REQUEST_ID_KEY } from './request-id.js';
import type { ResponseWriter } from './response-writer.js';

/** What goes back to the caller: a head with the request id, messages, one status. */
export interface Reply {
  /** Sends a message, after the head. */
  send(message: Buffer): void;
  /** Sends the status, OK without a failure. Nothing may be sent after it. Does nothing when the caller has left. */
  end(failure?: CoreError): void;
}

/**
 * How long a call may be silent before its head goes out without a response: short, for callers that wait for it, but long
 * enough for early failures to be one single frame, which a gateway can still turn into an HTTP status.
 */
const HEAD_DELAY_MS = 100;
/** Trailers have little room. */
const MAX_STATUS_TEXT = 1000;

/** Begins the reply of a call; whoever begins it ends it, which also stops its timer. */
export function openReply(
  call: ServerDuplexStream<Buffer, Buffer>,
  writer: ResponseWriter,
  requestId: string,
): Reply {
  let headSent = false;
  const timer = setTimeout(sendHead, HEAD_DELAY_MS);

  function identity(): Metadata {
    const metadata = new Metadata();
    metadata.set(REQUEST_ID_KEY, requestId);
    return metadata;
  }

  function sendHead(): void {
    if (headSent || call.cancelled) return;
    headSent = true;
    call.sendMetadata(identity());
  }

  return {
    send(message) {
      sendHead();
      writer.send(message);
    },
    end(failure) {
      clearTimeout(timer);
      if (call.cancelled) return;
      if (failure === undefined) {
        sendHead();
        call.end();
        return;
      }
      // grpc-js takes the status of a streaming call from an `error` event.
      call.emit('error', {
        code: failure.code,
        // Through bytes, because grpc-js fails on half of a surrogate pair.
        details: Buffer.from(failure.message.slice(0, MAX_STATUS_TEXT)).toString(),
        metadata: headSent ? undefined : identity(),
      });
    },
  };
}
