import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { isSecure } from './client-tls.js';

/** What a client sends first that knows that we speak HTTP/2. Source: RFC 9113 section 3.4. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/**
 * Tells by the first bytes of each connection of a server what its client speaks: HTTP/2 goes to `onHttp2`, all else to the server itself. Both get the
 * socket as if nothing had been read. A client that sends nothing for `headMs` is refused as one that does not finish its head. Call it before
 * anybody else listens to connections of the server. With `onTls` each is its own first, and comes
 * back as a socket of TLS, whose ALPN tells.
 */
export function tellProtocols(
  server: Server,
  headMs: number,
  onHttp2: (socket: Socket) => void,
  onTls?: (socket: Socket) => void,
): void {
  const http1 = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  const onHttp1 = (socket: Socket): void => {
    for (const listener of http1) listener.call(server, socket);
  };
  const refuse = (socket: Socket, code: string): void => {
    server.emit('clientError', Object.assign(new Error('no request'), { code }), socket);
  };
  server.on('connection', (socket: Socket) => {
    if (socket.destroyed) return;
    if (onTls !== undefined && !isSecure(socket)) onTls(socket);
    else if ((socket as TLSSocket).alpnProtocol === 'h2') onHttp2(socket);
    else new FirstBytes(socket, { headMs, onHttp1, onHttp2, refuse });
  });
}

interface Ways {
  readonly headMs: number;
  readonly onHttp1: (socket: Socket) => void;
  readonly onHttp2: (socket: Socket) => void;
  readonly refuse: (socket: Socket, code: string) => void;
}

/** Of one connection, until they tell. */
class FirstBytes {
  readonly #socket: Socket;
  readonly #ways: Ways;
  readonly #timer: NodeJS.Timeout;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(socket: Socket, ways: Ways) {
    this.#socket = socket;
    this.#ways = ways;
    this.#timer = setTimeout(() => this.#refuse('ERR_HTTP_REQUEST_TIMEOUT'), ways.headMs).unref();
    socket.on('readable', this.#read);
    socket.on('end', this.#end);
    socket.on('error', this.#close);
    socket.on('close', this.#close);
  }

  readonly #read = (): void => {
    const chunk = this.#socket.read() as Buffer | null;
    if (chunk === null) return;
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const length = Math.min(this.#bytes.length, PREFACE.length);
    const isLike = PREFACE.compare(this.#bytes, 0, length, 0, length) === 0;
    if (isLike && length < PREFACE.length) return;
    this.#close();
    this.#socket.unshift(this.#bytes);
    if (isLike) this.#ways.onHttp2(this.#socket);
    else this.#ways.onHttp1(this.#socket);
  };

  readonly #end = (): void => {
    if (this.#bytes.length > 0) this.#refuse('HPE_INVALID_EOF_STATE');
    else {
      this.#close();
      this.#socket.end();
    }
  };

  #refuse(code: string): void {
    this.#close();
    // What fails on it from now on closes it.
    this.#socket.on('error', ignore);
    this.#ways.refuse(this.#socket, code);
  }

  readonly #close = (): void => {
    clearTimeout(this.#timer);
    this.#socket.off('readable', this.#read);
    this.#socket.off('end', this.#end);
    this.#socket.off('error', this.#close);
    this.#socket.off('close', this.#close);
  };
}

function ignore(): void {}
