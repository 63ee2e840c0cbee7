import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

/** The most of an answer that is read, in bytes: it says little. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** What a server has answered. */
export interface PostAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** Of a longer body, nothing. */
  readonly text: string;
}

/** Posts JSON to one address, one request at a time, on a connection that is kept. Redirects are not followed. Whoever makes one calls `close`. */
export class JsonPoster {
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #agent: HttpAgent;

  constructor(url: URL, headers: Readonly<Record<string, string>>) {
    const Agent = url.protocol === 'https:' ? HttpsAgent : HttpAgent;
    this.#url = url;
    this.#headers = headers;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1 });
  }

  /** Resolves with the answer. Rejects when there is none until `signal` aborts. */
  post(body: string, signal: AbortSignal): Promise<PostAnswer> {
    const bytes = Buffer.from(body);
    const send = this.#url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const sent = send(this.#url, {
        method: 'POST',
        agent: this.#agent,
        signal,
        headers: {
          'user-agent': 'sluice',
          ...this.#headers,
          'content-type': 'application/json',
          'content-length': bytes.length,
        },
      });
      // Without a listener an error that comes late ends the process.
      sent.on('error', reject);
      sent.on('response', (response) => {
        readAnswer(response).then(resolve, reject);
      });
      sent.end(bytes);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

async function readAnswer(response: IncomingMessage): Promise<PostAnswer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > MAX_ANSWER_BYTES) {
      response.destroy();
      break;
    }
    pieces.push(piece);
  }
  return {
    status: response.statusCode ?? 0,
    retryAfter: response.headers['retry-after'],
    text: length > MAX_ANSWER_BYTES ? '' : Buffer.concat(pieces).toString('utf8'),
  };
}
