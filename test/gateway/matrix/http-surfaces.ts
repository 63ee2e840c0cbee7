import { type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { type Code, type CodeName, codeName } from '../../../gateway/status/index.js';
import { method as path } from '../../support/foreign.js';
import type { Kind, Outcome, Surface, Talk } from './surface.js';

/** Reads the answer of one form: the texts of its messages, and the failure it ends with. */
interface Form {
  readonly accept: string;
  /** The texts in what has come, and what is left of it. Sets `ended` at a last element that says how the call ended. */
  take(body: string): { texts: string[]; rest: string; ended?: CodeName };
  /** Whether a whole transfer alone means OK. */
  readonly endsBare: boolean;
}

const isText = (value: unknown): value is { text?: string } => typeof value === 'object' && value !== null;

function lines(body: string, of: (line: string) => string): ReturnType<Form['take']> {
  const parts = body.split('\n');
  const rest = parts.pop() ?? '';
  const texts: string[] = [];
  for (const line of parts.map(of)) {
    if (line === '') continue;
    const value = JSON.parse(line) as { error?: { status: CodeName }; text?: string };
    if (value.error !== undefined) return { texts, rest, ended: value.error.status };
    texts.push(value.text ?? '');
  }
  return { texts, rest };
}

const FORMS = {
  ndjson: { accept: 'application/x-ndjson', endsBare: true, take: (body) => lines(body, (line) => line) },
  array: {
    accept: 'application/json',
    endsBare: true,
    take: (body) => lines(body, (line) => line.replace(/^[[,]/, '').replace(/^\]$/, '')),
  },
  'json-seq': {
    accept: 'application/json-seq',
    endsBare: true,
    take: (body) => lines(body, (line) => line.replaceAll('\x1e', '')),
  },
  sse: {
    accept: 'text/event-stream',
    endsBare: false,
    take(body) {
      const blocks = body.split('\n\n');
      const rest = blocks.pop() ?? '';
      const texts: string[] = [];
      for (const block of blocks) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
        const data = field('data');
        if (data === undefined) continue;
        const value: unknown = JSON.parse(data);
        const event = field('event');
        if (event === 'end')
          return { texts, rest, ended: codeName((value as { status: { code: Code } }).status.code) };
        if (event === 'error')
          return { texts, rest, ended: (value as { error: { status: CodeName } }).error.status };
        if (isText(value)) texts.push(value.text ?? '');
      }
      return { texts, rest };
    },
  },
  bytes: {
    accept: 'application/octet-stream',
    endsBare: true,
    take: (body) => ({ texts: [body], rest: '' }),
  },
} satisfies Record<string, Form>;

/** How the request is sent. */
interface Sending {
  readonly type: string | undefined;
  message(text: string): string;
  readonly part: string;
}

const NDJSON: Sending = {
  type: 'application/x-ndjson',
  message: (text) => `${JSON.stringify({ text })}\n`,
  part: '{"text":"',
};
const OCTETS: Sending = { type: 'application/octet-stream', message: (text) => text, part: 'x' };
const JSON_BODY: Sending = {
  type: 'application/json',
  message: (text) => JSON.stringify({ text }),
  part: '{"text":"',
};
const QUERY: Sending = { type: undefined, message: () => '', part: '' };

class HttpTalk implements Talk {
  readonly messages: string[] = [];
  readonly outcome: Promise<Outcome>;
  readonly #request: ClientRequest;
  readonly #sending: Sending;
  #response: IncomingMessage | undefined;
  #isStalled = false;
  #rest = '';

  constructor(sent: ClientRequest, sending: Sending, form: Form | undefined) {
    this.#request = sent;
    this.#sending = sending;
    sent.on('error', () => {});
    this.outcome = new Promise((resolve) => {
      sent.once('close', () => {
        if (this.#response === undefined) resolve({ told: 'break', status: 0 });
      });
      sent.once('response', (response) => {
        this.#response = response;
        let ended: CodeName | undefined;
        response.setEncoding('latin1');
        response.on('data', (chunk: string) => {
          this.#rest += chunk;
          if (form === undefined || response.statusCode !== 200) return;
          const taken = form.take(this.#rest);
          this.#rest = taken.rest;
          this.messages.push(...taken.texts);
          ended ??= taken.ended;
        });
        response.on('error', () => {});
        response.once('close', () => resolve(this.#outcomeOf(response, form, ended)));
        if (this.#isStalled) response.pause();
      });
    });
  }

  #outcomeOf(response: IncomingMessage, form: Form | undefined, ended: CodeName | undefined): Outcome {
    const status = response.statusCode ?? 0;
    const told = response.headers['grpc-status'];
    if (told !== undefined) return { code: codeName(Number(told) as Code), told: 'head', status };
    if (form === undefined && response.complete) {
      this.messages.push((JSON.parse(this.#rest) as { text?: string }).text ?? '');
      return { code: 'OK', told: 'head', status };
    }
    if (ended !== undefined) {
      // A transfer with a failure must not look whole; the end of an event stream is an event.
      const isTold = form?.endsBare === true ? !response.complete : response.complete;
      return isTold ? { code: ended, told: 'stream', status } : { told: 'break', status };
    }
    const isWhole = response.complete && form?.endsBare === true;
    return isWhole ? { code: 'OK', told: 'stream', status } : { told: 'break', status };
  }

  get hasHead(): boolean {
    return this.#response !== undefined;
  }

  get pending(): number {
    return this.#request.writableLength;
  }

  send(text: string): void {
    this.#request.write(this.#sending.message(text));
  }

  sendPart(): void {
    this.#request.write(this.#sending.part);
  }

  halfClose(): void {
    this.#request.end();
  }

  stall(): void {
    this.#isStalled = true;
    this.#response?.pause();
  }

  resume(): void {
    this.#isStalled = false;
    this.#response?.resume();
  }

  cancel(): void {
    this.#request.destroy();
  }

  cut(): void {
    const { socket } = this.#request;
    // Node leaves the handle of a socket open that is reset after its own end.
    if (socket !== null && !socket.writableEnded) socket.resetAndDestroy();
    this.#request.destroy();
  }
}

/** How a request is made, by its version of HTTP. */
type Send = (url: string, options: RequestOptions) => ClientRequest;

/** One of HTTP's. `form`: of the answer; absent where the answer is one message. */
function surface(
  name: string,
  kind: Kind,
  method: string,
  sending: Sending,
  form?: Form,
  { send = request as Send, over = undefined as string | undefined } = {},
): Surface {
  const isStream = kind === 'up' || kind === 'both';
  return {
    name,
    over,
    kind,
    method,
    hasMessagesUp: sending !== OCTETS,
    asksInAddress: sending === QUERY,
    async start(url, { cell, timeoutMs, text }) {
      const headers: Record<string, string> = { 'grpc-metadata-cell': cell };
      if (timeoutMs !== undefined) headers['grpc-timeout'] = `${timeoutMs}m`;
      if (form !== undefined) headers.accept = form.accept;
      if (sending.type !== undefined) headers['content-type'] = sending.type;
      const verb = sending === QUERY ? 'GET' : 'POST';
      const query = sending === QUERY && text !== undefined ? `?text=${text}` : '';
      const sent = send(url + path(method) + query, { method: verb, headers, agent: false });
      const talk = new HttpTalk(sent, sending, form);
      if (isStream) sent.flushHeaders();
      else sent.end(sending.message(text ?? ''));
      return talk;
    },
  };
}

const ROWS: readonly Parameters<typeof surface>[] = [
  ['json', 'unary', 'Ask', JSON_BODY],
  ['ndjson', 'down', 'Down', QUERY, FORMS.ndjson],
  ['array', 'down', 'Down', QUERY, FORMS.array],
  ['sse', 'down', 'Down', QUERY, FORMS.sse],
  ['json-seq', 'down', 'Down', QUERY, FORMS['json-seq']],
  ['bytes', 'down', 'Fetch', QUERY, FORMS.bytes],
  ['ndjson', 'up', 'Up', NDJSON],
  ['bytes', 'up', 'Store', OCTETS],
  ['ndjson', 'both', 'Both', NDJSON, FORMS.ndjson],
  ['ndjson up, sse down', 'both', 'Both', NDJSON, FORMS.sse],
];

export const HTTP_SURFACES: readonly Surface[] = ROWS.map((row) => surface(...row));

/** The same over HTTP/2: all of them on one connection, so that each has the others for neighbours. */
export function http2Surfaces(send: Send): readonly Surface[] {
  return ROWS.map(([name, kind, method, sending, form]) =>
    surface(name, kind, method, sending, form, { send, over: 'HTTP/2' }),
  );
}
