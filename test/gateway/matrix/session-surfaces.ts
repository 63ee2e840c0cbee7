import type { Socket } from 'node:net';
import { type Code, codeName } from '../../../gateway/status/index.js';
import { type Frame, frameBytes, frameOf, PROTOCOLS, type Protocol } from '../../support/session.js';
import { connect, type TestSocket } from '../../support/websocket.js';
import type { Kind, Outcome, Surface, Talk } from './surface.js';

/** What the client grants at first, and again for each message that it consumes. */
const CREDIT = 8;
const ID = 1;

class SessionTalk implements Talk {
  readonly messages: string[] = [];
  readonly outcome: Promise<Outcome>;
  readonly #client: TestSocket;
  readonly #protocol: Protocol;
  /** Texts for which the gateway has granted no credit yet. */
  readonly #waiting: string[] = [];
  #credit = 0;
  #halfClosing = false;
  #isStalled = false;
  #hasHead = false;
  /** Consumed while stalled, and not granted again. */
  #owed = 0;
  /** Frames leave in order, however long one takes to encode. */
  #sent: Promise<void> = Promise.resolve();

  constructor(client: TestSocket, protocol: Protocol) {
    this.#client = client;
    this.#protocol = protocol;
    this.outcome = new Promise((resolve) => {
      void this.#receive(resolve);
      void client.closed.then(({ code }) =>
        resolve({ told: code === 1_006 ? 'break' : 'close', status: code }),
      );
    });
  }

  async #receive(resolve: (outcome: Outcome) => void): Promise<void> {
    for (let data = await this.#client.next(); data !== undefined; data = await this.#client.next()) {
      const { message, opened, headers, credit, end } = await frameOf(data);
      this.#hasHead ||= headers !== undefined;
      if (opened !== undefined) this.#granted(Number(opened.credit));
      if (credit !== undefined) this.#granted(Number(credit.messages));
      if (message !== undefined) {
        this.messages.push((message.data as { text?: string }).text ?? '');
        if (this.#isStalled) this.#owed += 1;
        else this.frame({ credit: { id: ID, messages: 1 } });
      }
      if (end !== undefined) {
        const { code } = end.status as { code: Code };
        resolve({ code: codeName(code), told: 'stream', status: code });
        // One call for each socket: what the socket leaves behind is looked at as well.
        await this.#sent;
        this.#client.socket.close();
      }
    }
  }

  #granted(messages: number): void {
    this.#credit += messages;
    while (this.#credit > 0 && this.#waiting.length > 0) {
      this.#credit -= 1;
      this.frame({ message: { id: ID, data: { text: this.#waiting.shift() ?? '' } } });
    }
    if (this.#halfClosing && this.#waiting.length === 0) {
      this.#halfClosing = false;
      this.frame({ halfClose: { id: ID } });
    }
  }

  frame(frame: Frame): void {
    this.#sent = this.#sent.then(async () => {
      const data = this.#protocol === 'sluice.v1.json' ? JSON.stringify(frame) : await frameBytes(frame);
      this.#client.socket.send(data, () => {});
    });
  }

  get hasHead(): boolean {
    return this.#hasHead;
  }

  get pending(): number {
    return this.#waiting.length;
  }

  send(text: string): void {
    this.#waiting.push(text);
    this.#granted(0);
  }

  sendPart(): void {
    void this.#sent.then(() =>
      this.#raw.write(
        Buffer.from([this.#protocol === 'sluice.v1.json' ? 0x81 : 0x82, 0x80 | 100, 0, 0, 0, 0, 0x7b]),
      ),
    );
  }

  halfClose(): void {
    this.#halfClosing = true;
    this.#granted(0);
  }

  stall(): void {
    this.#isStalled = true;
  }

  resume(): void {
    this.#isStalled = false;
    if (this.#owed > 0) this.frame({ credit: { id: ID, messages: this.#owed } });
    this.#owed = 0;
  }

  cancel(): void {
    this.frame({ cancel: { id: ID } });
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

function surface(protocol: Protocol, kind: Kind, method: string): Surface {
  return {
    name: `session, ${protocol.slice('sluice.v1.'.length)}`,
    kind,
    method,
    hasMessagesUp: true,
    async start(url, { cell, timeoutMs, text }) {
      const client = await connect(`${url.replace('http', 'ws')}/_sluice/session`, {}, [protocol]);
      const talk = new SessionTalk(client, protocol);
      talk.frame({
        open: {
          id: ID,
          method: `foreign.v1.Foreign/${method}`,
          metadata: { cell },
          timeoutMs: timeoutMs ?? 0,
          credit: CREDIT,
        },
      });
      if (kind === 'unary' || kind === 'down') talk.send(text ?? '');
      return talk;
    },
  };
}

export const SESSION_SURFACES: readonly Surface[] = PROTOCOLS.flatMap((protocol) => [
  surface(protocol, 'unary', 'Ask'),
  surface(protocol, 'down', 'Down'),
  surface(protocol, 'up', 'Up'),
  surface(protocol, 'both', 'Both'),
]);
