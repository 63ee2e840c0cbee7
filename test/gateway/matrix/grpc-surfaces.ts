import { type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { type Code, type CodeName, codeName } from '../../../gateway/status/index.js';
import { method as path } from '../../support/foreign.js';
import { frame, framesOf, fromBase64Pieces } from '../../support/grpc-frames.js';
import { itemBytes, textOf } from './item.js';
import type { Kind, Outcome, Surface, Talk } from './surface.js';

const TRAILERS = 0x80;
/** The first bytes of a message of three. */
const PART = Buffer.from([0, 0, 0, 0, 5, 0x0a, 3, 0x78]);

class GrpcTalk implements Talk {
  readonly messages: string[] = [];
  readonly outcome: Promise<Outcome>;
  readonly #request: ClientRequest;
  readonly #isText: boolean;
  #response: IncomingMessage | undefined;
  #isStalled = false;
  #rest: Buffer = Buffer.alloc(0);
  #status: string | undefined;

  constructor(sent: ClientRequest, isText: boolean) {
    this.#request = sent;
    this.#isText = isText;
    sent.on('error', () => {});
    this.outcome = new Promise((resolve) => {
      sent.once('close', () => {
        if (this.#response === undefined) resolve({ told: 'break', status: 0 });
      });
      sent.once('response', (response) => {
        this.#response = response;
        this.#status = response.headers['grpc-status'] as string | undefined;
        response.on('data', (chunk: Buffer) => {
          // Each piece is whole groups of base64, and HTTP may cut them anywhere; the tests flush less than that at once.
          this.#rest = Buffer.concat([this.#rest, chunk]);
          this.#take();
        });
        response.on('trailers', (trailers: Record<string, string>) => {
          this.#status = trailers['grpc-status'];
        });
        response.on('error', () => {});
        response.once('close', () => resolve(this.#outcomeOf(response)));
        if (this.#isStalled) response.pause();
      });
    });
  }

  #take(): void {
    const whole = this.#isText ? this.#rest.length - (this.#rest.length % 4) : this.#rest.length;
    const bytes = this.#isText
      ? Buffer.concat([this.#decoded, fromBase64Pieces(this.#rest.toString('latin1', 0, whole))])
      : this.#rest;
    let taken = 0;
    for (const { flag, bytes: message } of framesOf(bytes)) {
      taken += 5 + message.length;
      if (flag === TRAILERS) this.#status = /^grpc-status: (\d+)\r$/m.exec(message.toString('latin1'))?.[1];
      else this.messages.push(textOf(message));
    }
    if (this.#isText) {
      this.#decoded = bytes.subarray(taken);
      this.#rest = this.#rest.subarray(whole);
    } else this.#rest = this.#rest.subarray(taken);
  }

  #decoded: Buffer = Buffer.alloc(0);

  #outcomeOf({ statusCode: status = 0, complete }: IncomingMessage): Outcome {
    if (!complete || this.#status === undefined) return { told: 'break', status };
    const code: CodeName = codeName(Number(this.#status) as Code);
    // Where it stands, in a head or behind the messages, is all the same to a client.
    return { code, told: 'stream', status };
  }

  get hasHead(): boolean {
    return this.#response !== undefined;
  }

  get pending(): number {
    return this.#request.writableLength;
  }

  send(text: string): void {
    this.#write(frame(itemBytes(text)));
  }

  sendPart(): void {
    this.#write(PART);
  }

  #write(bytes: Buffer): void {
    this.#request.write(this.#isText ? bytes.toString('base64') : bytes);
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

function surface(name: string, type: string, kind: Kind, method: string, send: Send, over?: string): Surface {
  const streamsUp = kind === 'up' || kind === 'both';
  const isText = type.endsWith('text');
  return {
    name,
    over,
    kind,
    method,
    hasMessagesUp: true,
    async start(url, { cell, timeoutMs, text }) {
      const headers: Record<string, string> = { cell, 'content-type': type, te: 'trailers' };
      if (timeoutMs !== undefined) headers['grpc-timeout'] = `${timeoutMs}m`;
      const sent = send(url + path(method), { method: 'POST', headers, agent: false });
      const talk = new GrpcTalk(sent, isText);
      if (streamsUp) sent.flushHeaders();
      else {
        const bytes = frame(itemBytes(text ?? ''));
        sent.end(isText ? bytes.toString('base64') : bytes);
      }
      return talk;
    },
  };
}

const KINDS: readonly (readonly [Kind, string])[] = [
  ['unary', 'Ask'],
  ['down', 'Down'],
  ['up', 'Up'],
  ['both', 'Both'],
];

export const GRPC_WEB_SURFACES: readonly Surface[] = [
  ...KINDS.map(([kind, method]) => surface('grpc-web', 'application/grpc-web', kind, method, request)),
  surface('grpc-web text', 'application/grpc-web-text', 'down', 'Down', request),
  surface('grpc-web text', 'application/grpc-web-text', 'both', 'Both', request),
];

/** gRPC itself, all calls on one connection. */
export function grpcSurfaces(send: Send): readonly Surface[] {
  return KINDS.map(([kind, method]) => surface('grpc', 'application/grpc', kind, method, send, 'HTTP/2'));
}
