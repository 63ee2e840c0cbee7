import { type ClientRequest, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** The most that is read of an answer, in bytes: a key has some hundred. */
export const MAX_ANSWER_BYTES = 1024 * 1024;

/**
 * The text at an address, by a connection of its own. Rejects with an Error for any status but 200, so a redirect is never followed, for an answer that
 * is larger than `MAX_ANSWER_BYTES`, and when `signal` aborts.
 */
export function fetchText(url: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? requestHttps : requestHttp;
    const request: ClientRequest = send(
      url,
      { agent: false, signal, headers: { accept: 'application/json', 'accept-encoding': 'identity' } },
      (response) => {
        const fail = (problem: string): void => {
          response.destroy();
          reject(new Error(problem));
        };
        if (response.statusCode !== 200)
          return fail(`it was answered with HTTP status ${response.statusCode}`);
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > MAX_ANSWER_BYTES) fail(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`);
          else chunks.push(chunk);
        });
        response.on('end', () => resolve(Buffer.concat(chunks).toString()));
        response.on('close', () => reject(new Error('the answer broke off')));
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end();
  });
}
