import { type ClientReadableStream, type StatusObject, status } from '@grpc/grpc-js';
import { StreamError } from './stream-error.js';

/**
 * The messages of one call of grpc-js, pulled: while nobody asks, the call is paused and with it the service. Ends when the
 * call ended with OK, throws its `ServiceError` otherwise, and the signal's reason when that aborts. However it ends, the
 * RPC is over: leaving a grpc-js stream early does not cancel it by itself. Ask for the first message in the tick that
 * opened the call, or an early error is lost.
 */
export async function* callMessages<Message>(
  call: ClientReadableStream<Message>,
  signal: AbortSignal,
): AsyncGenerator<Message, void, undefined> {
  let ended: StatusObject | undefined;
  // Never removed: the error of a cancelled call comes later, and one that nobody listens for ends the process.
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
    // grpc-js tells the status before the end of the stream. If it ever did not, a cut stream must not pass for a whole one.
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
