import { Code } from './code.js';
import { SluiceError } from './sluice-error.js';

/** The body of an answer as text. More than `maxBytes` fails with RESOURCE_EXHAUSTED, and the rest is not read. */
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
      // The outcome of the cancellation changes nothing for the caller.
      reader.cancel().catch(() => undefined);
      throw new SluiceError(Code.RESOURCE_EXHAUSTED, `the answer is longer than ${maxBytes} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** An error's text is for people; no proxy's page is worth more than this. */
export const MAX_ERROR_BYTES = 64 * 1024;

/** The longest answer, in bytes: four times the gateway's default for a message, because JSON is longer than protobuf. */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
