import { type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { Code, type CodeName } from '../../../gateway/status/index.js';
import { envelope, envelopes, Flag } from '../../support/connect.js';
import { method as path } from '../../support/foreign.js';
import { itemBytes, textOf } from './item.js';
import type { Kind, Outcome, Surface, Talk } from './surface.js';

/** How messages are written. */
interface Codec {
  readonly name: 'proto' | 'json';
  message(text: string): Buffer;
  text(message: Buffer): string;
  /** The first bytes of a message. */
  readonly part: Buffer;
}

const PROTO: Codec = { name: 'proto', message: itemBytes, text: textOf, part: Buffer.from([0x0a, 3, 0x78]) };
const JSON_CODEC: Codec = {
  name: 'json',
  message: (text) => Buffer.from(JSON.stringify({ text })),
  text: (message) => (JSON.parse(message.toString('utf8')) as { text?: string }).text ?? '',
  part: Buffer.from('{"text":"'),
};

const CODES: ReadonlyMap<string, CodeName> = new Map(
  (Object.keys(Code) as CodeName[]).map((name) => [
    name === 'CANCELLED' ? 'canceled' : name.toLowerCase(),
    name,
  ]),
);

function codeOf(error: { code: string } | undefined): CodeName | undefined {
  return error === undefined ? 'OK' : CODES.get(error.code);
}

class ConnectTalk implements Talk {
  readonly messages: string[] = [];
  readonly outcome: Promise<Outcome>;
  readonly #request: ClientRequest;
  readonly #codec: Codec;
  readonly #isStream: boolean;
  #response: IncomingMessage | undefined;
  #isStalled = false;
  #rest: Buffer = Buffer.alloc(0);
  #end: { error?: { code: string } } | undefined;

  constructor(sent: ClientRequest, codec: Codec, isStream: boolean) {
    this.#request = sent;
    this.#codec = codec;
    this.#isStream = isStream;
    sent.on('error', () => {});
    this.outcome = new Promise((resolve) => {
      sent.once('close', () => {
        if (this.#response === undefined) resolve({ told: 'break', status: 0 });
      });
      sent.once('response', (response) => {
        this.#response = response;
        response.on('data', (chunk: Buffer) => {
          this.#rest = Buffer.concat([this.#rest, chunk]);
          if (isStream && response.statusCode === 200) this.#take();
        });
        response.on('error', () => {});
        response.once('close', () => resolve(this.#outcomeOf(response)));
        if (this.#isStalled) response.pause();
      });
    });
  }

  #take(): void {
    const { frames, rest } = envelopes(this.#rest);
    this.#rest = rest;
    for (const { flags, bytes } of frames) {
      if (this.#end !== undefined) throw new Error('a frame after the last one');
      if (flags === Flag.end) this.#end = JSON.parse(bytes.toString('utf8'));
      else this.messages.push(this.#codec.text(bytes));
    }
  }

  #outcomeOf(response: IncomingMessage): Outcome {
    const status = response.statusCode ?? 0;
    if (!response.complete) return { told: 'break', status };
    if (this.#isStream && status === 200) {
      const code = this.#end === undefined ? undefined : codeOf(this.#end.error);
      return code === undefined ? { told: 'break', status } : { code, told: 'stream', status };
    }
    if (status === 200) {
      this.messages.push(this.#codec.text(this.#rest));
      return { code: 'OK', told: 'head', status };
    }
    const code = codeOf(JSON.parse(this.#rest.toString('utf8')));
    return code === undefined ? { told: 'head', status } : { code, told: 'head', status };
  }

  get hasHead(): boolean {
    return this.#response !== undefined;
  }

  get pending(): number {
    return this.#request.writableLength;
  }

  send(text: string): void {
    this.#request.write(envelope(this.#codec.message(text)));
  }

  sendPart(): void {
    this.#request.write(envelope(this.#codec.part).subarray(0, -1));
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
    if (socket !== null && !socket.writableEnded) socket.resetAndDestroy();
    this.#request.destroy();
  }
}

/** How a request is made, by its version of HTTP. */
type Send = (url: string, options: RequestOptions) => ClientRequest;

function surface(kind: Kind, method: string, codec: Codec, send: Send, over?: string): Surface {
  const isStream = kind !== 'unary';
  const streamsUp = kind === 'up' || kind === 'both';
  return {
    name: `connect ${codec.name}`,
    over,
    kind,
    method,
    hasMessagesUp: true,
    async start(url, { cell, timeoutMs, text }) {
      const headers: Record<string, string> = {
        cell,
        'connect-protocol-version': '1',
        'content-type': `application/${isStream ? 'connect+' : ''}${codec.name}`,
      };
      if (timeoutMs !== undefined) headers['connect-timeout-ms'] = String(timeoutMs);
      const sent = send(url + path(method), { method: 'POST', headers, agent: false });
      const talk = new ConnectTalk(sent, codec, isStream);
      const message = codec.message(text ?? '');
      if (streamsUp) sent.flushHeaders();
      else sent.end(isStream ? envelope(message) : message);
      return talk;
    },
  };
}

const ROWS = [PROTO, JSON_CODEC].flatMap((codec) =>
  (
    [
      ['unary', 'Ask'],
      ['down', 'Down'],
      ['up', 'Up'],
      ['both', 'Both'],
    ] as const
  ).map(([kind, method]) => ({ kind, method, codec })),
);

export const CONNECT_SURFACES: readonly Surface[] = ROWS.map(({ kind, method, codec }) =>
  surface(kind, method, codec, request),
);

/** The same over HTTP/2, on one connection. */
export function connectOverHttp2(send: Send): readonly Surface[] {
  return ROWS.map(({ kind, method, codec }) => surface(kind, method, codec, send, 'HTTP/2'));
}
