import type { Socket } from 'node:net';
import { type Code, codeName } from '../../../gateway/status/index.js';
import { method as path } from '../../support/foreign.js';
import { connect, type TestSocket } from '../../support/websocket.js';
import { itemBytes, textOf } from './item.js';
import type { Kind, Outcome, Surface, Talk } from './surface.js';

/** Codes from here on are 4000 and a gRPC code. Source: gateway/PROTOCOL.md section 8. */
const FIRST_CODE = 4_000;

class SocketTalk implements Talk {
  readonly messages: string[] = [];
  readonly outcome: Promise<Outcome>;
  readonly #client: TestSocket;
  readonly #isBinary: boolean;

  constructor(client: TestSocket, isBinary: boolean) {
    this.#client = client;
    this.#isBinary = isBinary;
    client.socket.on('message', (data: Buffer, binary) => {
      this.messages.push(
        binary ? textOf(data) : ((JSON.parse(data.toString()) as { text?: string }).text ?? ''),
      );
    });
    this.outcome = client.closed.then(({ code }) => {
      if (code === 1_000) return { code: 'OK', told: 'close', status: code };
      if (code > FIRST_CODE && code <= FIRST_CODE + 16)
        return { code: codeName((code - FIRST_CODE) as Code), told: 'close', status: code };
      return { told: code === 1_006 ? 'break' : 'close', status: code };
    });
  }

  // The upgrade was the head.
  readonly hasHead = true;

  get pending(): number {
    return this.#client.socket.bufferedAmount;
  }

  send(text: string): void {
    this.#client.socket.send(this.#isBinary ? itemBytes(text) : JSON.stringify({ text }));
  }

  sendPart(): void {
    // A frame of a hundred bytes, of which one comes.
    this.#raw.write(Buffer.from([this.#isBinary ? 0x82 : 0x81, 0x80 | 100, 0, 0, 0, 0, 0x7b]));
  }

  halfClose(): void {
    this.#client.socket.send('');
  }

  stall(): void {
    this.#client.socket.pause();
  }

  resume(): void {
    this.#client.socket.resume();
  }

  cancel(): void {
    this.#client.socket.close();
  }

  cut(): void {
    // Node leaves the handle of a socket open that is reset after its own end.
    if (!this.#raw.writableEnded) this.#raw.resetAndDestroy();
    this.#client.socket.terminate();
  }

  get #raw(): Socket {
    return (this.#client.socket as unknown as { _socket: Socket })._socket;
  }
}

function surface(form: 'text' | 'binary', kind: Kind, method: string): Surface {
  return {
    name: `websocket, ${form}`,
    kind,
    method,
    hasMessagesUp: true,
    async start(url, { cell, timeoutMs, text }) {
      const headers: Record<string, string> = { 'grpc-metadata-cell': cell };
      if (timeoutMs !== undefined) headers['grpc-timeout'] = `${timeoutMs}m`;
      const client = await connect(url.replace('http', 'ws') + path(method), { headers });
      const talk = new SocketTalk(client, form === 'binary');
      if (kind === 'unary' || kind === 'down') talk.send(text ?? '');
      return talk;
    },
  };
}

export const SOCKET_SURFACES: readonly Surface[] = (['text', 'binary'] as const).flatMap((form) => [
  surface(form, 'unary', 'Ask'),
  surface(form, 'down', 'Down'),
  surface(form, 'up', 'Up'),
  surface(form, 'both', 'Both'),
]);
