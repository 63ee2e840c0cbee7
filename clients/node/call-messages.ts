import { type ClientReadableStream, type StatusObject, status } from '@grpc/grpc-js';
import { StreamError } from './stream-error.js';

/**
 * The messages of one grpc-js call. While the caller takes none, the call pauses, and the service with it. Ends when the call
 * ended with OK, throws its `ServiceError` otherwise, and the signal's reason if that aborts. The call is cancelled in every case: leaving a
 * grpc-js stream early does not do that. Ask for the first message in the tick that opened the call, or an early error is lost.
 */
export async function* callMessages<Message>(
  call: ClientReadableStream<Message>,
  signal: AbortSignal,
): AsyncGenerator<Message, void, undefined> {
  let ended: StatusObject | undefined;
  // Never removed: the error of a cancelled call is emitted later, and without a listener it would end the process.
  call.on('error', () => undefined);
  call.once('status', (end) => {
    ended = end;
  });
  const onAbort = () => call.cancel();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    for await (const message of call) {
      yield message as Message;
      signal.throwIfAborted();
    }
    signal.throwIfAborted();
    // grpc-js emits the status before the end of the stream. Without a status, a cut stream must not look complete.
    if (ended?.code !== status.OK) {
      throw new StreamError(
        ended?.code ?? status.UNKNOWN,
        ended?.details ?? 'the call ended without a status',
      );
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    call.cancel();
  }
}
