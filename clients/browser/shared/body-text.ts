import { Code } from './code.js';
import { SluiceError } from './sluice-error.js';

/** The longest body of an error that is read, in bytes. Its text is shown to people, and a proxy's error page is not worth more. */
export const MAX_ERROR_BYTES = 64 * 1024;

/** The longest response, in bytes: four times the gateway's default limit of a message, because JSON is longer than protobuf. */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** Reads the body of a response as text. Fails with RESOURCE_EXHAUSTED after `maxBytes`, and does not read the rest. */
export async function readBodyText(response: Response, maxBytes: number): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.byteLength;
    if (size > maxBytes) {
      // The result of the cancellation changes nothing for the caller.
      reader.cancel().catch(() => undefined);
      throw new SluiceError(Code.RESOURCE_EXHAUSTED, `the response is longer than ${maxBytes} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
}
