import { Code } from './code.js';
import { SluiceError } from './sluice-error.js';

/**
 * The one message of a unary or client-stream call. `next` reads the call's messages. Rejects with the call's error, and with INTERNAL
 * if the call ends with OK without a message, or sends a second one; `cancel` is called then.
 */
export async function singleAnswer<Message>(
  next: () => Promise<IteratorResult<Message, undefined>>,
  cancel: () => void,
): Promise<Message> {
  const first = await next();
  if (first.done === true) {
    cancel();
    throw new SluiceError(Code.INTERNAL, 'the call ended with no answer');
  }
  const second = await next();
  if (second.done !== true) {
    cancel();
    throw new SluiceError(Code.INTERNAL, 'the call has more than one answer');
  }
  return first.value;
}
