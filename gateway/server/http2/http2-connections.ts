import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Http2Server, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { FIRST_WINDOW_BYTES, StreamConnection } from './stream-connection.js';
import { StreamRequest } from './stream-request.js';
import { StreamResponse } from './stream-response.js';
import { UpgradedStream } from './upgraded-stream.js';

/** Streams that one connection may have open: what RFC 9113 (section 6.5.2) recommends at least, and clients expect. */
const MAX_STREAMS = 100;

/**
 * What Node may hold for a connection before it refuses streams and heads on it, in megabytes. Each stream has bounds of its own, which are less together;
 * Node's default of 10 would let a few slow streams refuse their neighbours.
 */
const SESSION_MEGABYTES = 1_000;

/** What a request for a WebSocket has in HTTP/1.1, and has no use for here: the key shows that nobody in between has taken it for another. */
const UPGRADE = {
  ':method': 'GET',
  connection: 'upgrade',
  upgrade: 'websocket',
  'sec-websocket-key': Buffer.alloc(16).toString('base64'),
};

export interface Http2ConnectionsOptions {
  /** The largest head, in bytes. */
  readonly maxHeadBytes: number;
  /** How long a client may take to its first head, in milliseconds. */
  readonly requestHeadMs: number;
  /** How often a client is asked whether it is there, in milliseconds. */
  readonly heartbeatMs: number;
}

/**
 * The connections of clients that speak HTTP/2. Their requests go where those of HTTP/1 go: to the listeners of the same server. Loaded with the first
 * connection, because a start has no use for it.
 */
export class Http2Connections {
  readonly #server: Server;
  readonly #options: Http2ConnectionsOptions;
  /** A connection has none while HTTP/2 is loaded. */
  readonly #open = new Map<Socket, StreamConnection | undefined>();
  #http2: Http2Server | undefined;
  #loading: Promise<Http2Server> | undefined;
  #isDraining = false;

  constructor(server: Server, options: Http2ConnectionsOptions) {
    this.#server = server;
    this.#options = options;
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Takes a connection whose client begins with the preface, which has not been read. */
  take(socket: Socket): void {
    // Streams share it, and each looks after it.
    socket.setMaxListeners(0);
    socket.on('error', ignore);
    this.#open.set(socket, undefined);
    socket.once('close', () => this.#open.delete(socket));
    if (this.#http2 !== undefined) {
      this.#begin(this.#http2, socket);
      return;
    }
    this.#loading ??= this.#load();
    void this.#loading.then((server) => {
      if (!socket.destroyed) this.#begin(server, socket);
    });
  }

  /** Tells every client that no new stream will be served; each connection ends with its last stream. Source: RFC 9113 section 6.8. */
  drain(): void {
    this.#isDraining = true;
    for (const connection of this.#open.values()) connection?.drain();
  }

  /** Ends every connection now. */
  cut(): void {
    for (const [socket, connection] of this.#open) {
      if (connection === undefined) socket.destroy();
      else connection.cut();
    }
  }

  async #load(): Promise<Http2Server> {
    const { createServer } = await import('node:http2');
    const http2 = createServer({
      maxSessionMemory: SESSION_MEGABYTES,
      settings: {
        enablePush: false,
        enableConnectProtocol: true,
        maxConcurrentStreams: MAX_STREAMS,
        initialWindowSize: FIRST_WINDOW_BYTES,
        maxHeaderListSize: this.#options.maxHeadBytes,
      },
    });
    // It closes the connection, and the close is what counts.
    http2.on('sessionError', ignore);
    this.#http2 = http2;
    return http2;
  }

  #begin(http2: Http2Server, socket: Socket): void {
    http2.once('session', (session) => {
      const connection = new StreamConnection(session, socket, {
        firstStreamMs: this.#options.requestHeadMs,
        heartbeatMs: this.#options.heartbeatMs,
        onStream: (stream, headers, rawHeaders) =>
          this.#request(socket, stream, headers, rawHeaders, connection.widen),
      });
      this.#open.set(socket, connection);
      if (this.#isDraining) connection.drain();
    });
    http2.emit('connection', socket);
  }

  #request(
    socket: Socket,
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    rawHeaders: readonly string[],
    onMoving: () => void,
  ): void {
    // What fails on a stream closes it, and the close is what counts.
    stream.on('error', ignore);
    stream.setMaxListeners(0);
    if (stream.destroyed) return;
    if (headers[':protocol'] === 'websocket') {
      const upgraded = new UpgradedStream(stream, socket) as unknown as Socket;
      const request = new StreamRequest(stream, upgraded, { ...headers, ...UPGRADE }, rawHeaders);
      this.#server.emit('upgrade', request as unknown as IncomingMessage, upgraded, Buffer.alloc(0));
      return;
    }
    const request = new StreamRequest(stream, socket, headers, rawHeaders, onMoving);
    const response = new StreamResponse(request);
    const { expect } = headers;
    if (expect === '100-continue') response.writeContinue();
    const isKnown = expect === undefined || expect === '100-continue';
    this.#server.emit(
      isKnown ? 'request' : 'checkExpectation',
      request as unknown as IncomingMessage,
      response as unknown as ServerResponse,
    );
  }
}

function ignore(): void {}
