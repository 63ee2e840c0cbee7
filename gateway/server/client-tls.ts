import { X509Certificate } from 'node:crypto';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { createSecureContext, createServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import type { FastifyBaseLogger } from 'fastify';

/** What TLS towards clients is made of. */
export interface ClientTls {
  /** Our certificate, and those between it and an authority (PEM). */
  readonly cert: Uint8Array;
  /** Its key (PEM). */
  readonly key: Uint8Array;
  /** The authorities (PEM) of clients' certificates. Default: none is asked for. */
  readonly clientCa?: Uint8Array | undefined;
  /**
   * What becomes of a client without a certificate, where there is `clientCa`: by default `require`, it is refused; with `request` it is let in
   * without a name. A client that shows one which none of the authorities has signed, or which is not valid now, is refused by both.
   */
  readonly clientAuth?: 'require' | 'request' | undefined;
}

/** By ALPN, the best first. */
const PROTOCOLS = ['h2', 'http/1.1'];
const OLDEST = 'TLSv1.2';

/**
 * TLS in front of a server: each connection that it accepts is given back to it when the handshake is over, as a socket of TLS. A handshake that is not
 * over in time is cut.
 */
export class TlsFront {
  readonly #tls: TlsServer;
  readonly #sockets = new Set<Socket>();

  /** Throws a TypeError that says what is wrong with the certificates. */
  constructor(server: Server, tls: ClientTls, handshakeMs: number, log: FastifyBaseLogger) {
    this.#tls = createServer({
      ...contextOf(tls),
      ALPNProtocols: PROTOCOLS,
      handshakeTimeout: handshakeMs,
      requestCert: tls.clientCa !== undefined,
      rejectUnauthorized: tls.clientCa !== undefined && tls.clientAuth !== 'request',
    });
    // Whoever scans ports makes many of these.
    const refuse = (socket: TLSSocket, problem: string) => {
      log.debug({ peer: socket.remoteAddress, problem }, 'tls handshake failed');
      socket.destroy();
    };
    this.#tls.on('secureConnection', (socket) => {
      if (hasForeignCertificate(socket)) refuse(socket, String(socket.authorizationError));
      else server.emit('connection', socket);
    });
    this.#tls.on('tlsClientError', ({ message }, socket) => refuse(socket, message));
  }

  /** Begins the handshake on a connection. */
  take(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    this.#tls.emit('connection', socket);
  }

  /** From now on new connections get these; those that are open go on. Throws a TypeError, and changes nothing, when they cannot be used. */
  use(tls: ClientTls): void {
    this.#tls.setSecureContext(contextOf(tls));
  }

  /** Ends every connection now. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** A socket of TLS, and not the connection below it. */
export function isSecure(socket: Socket): boolean {
  return 'encrypted' in socket;
}

/** It was asked for a certificate, and has shown one that does not count. */
function hasForeignCertificate(socket: TLSSocket): boolean {
  return (
    Boolean(socket.authorizationError) && !socket.authorized && socket.getPeerX509Certificate() !== undefined
  );
}

function contextOf({ cert, key, clientCa }: ClientTls) {
  const context = {
    cert: Buffer.from(cert),
    key: Buffer.from(key),
    minVersion: OLDEST,
    ...(clientCa === undefined ? {} : { ca: Buffer.from(clientCa) }),
  } as const;
  try {
    createSecureContext(context);
    // OpenSSL passes over what is no certificate among the authorities.
    if (context.ca !== undefined) new X509Certificate(context.ca);
  } catch (cause) {
    throw new TypeError(`the certificates for clients cannot be used: ${(cause as Error).message}`, {
      cause,
    });
  }
  return context;
}
