import { EventEmitter } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { RpcError } from '../status/index.js';
import { cutConnection } from '../surfaces/index.js';
import { chooseProtocol, SESSION_PATH } from '../wire/session/index.js';
import { isAnswering } from './connection-limits.js';

/** HTTP/1.1 fields that concern an upgrade, and are dropped with it. */
const UPGRADE_FIELDS = new Set(['connection', 'upgrade', 'http2-settings']);

/** In place of an empty part of what was read: the plugin keeps it for as long as the socket, and with it all that was read. */
const NOTHING = Buffer.alloc(0);

function isWebSocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket';
}

/** Options of the HTTP server: from Node 24.9 on it asks which upgrades to take, and older ones pass this over. */
export const UPGRADE_OPTIONS = { shouldUpgradeCallback: isWebSocket };

/**
 * Where the WebSocket plugin listens instead of the server: it gets the upgrades to WebSocket. A request to upgrade to anything else is
 * answered as if it had not asked, which is what a server that knows no such protocol does; some clients ask for h2c every
 * time. Source: RFC 9110 section 7.8.
 */
export function websocketUpgrades(server: Server): EventEmitter {
  const upgrades = new EventEmitter();
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    // Node hands over an upgrade at once, also one that is pipelined behind a request whose answer is under way.
    if (isAnswering(socket)) cutConnection(socket);
    else if (request.headers.upgrade?.toLowerCase() === 'websocket')
      upgrades.emit('upgrade', request, socket, head.length === 0 ? NOTHING : head);
    else serveAgain(server, request, socket, head);
  });
  return upgrades;
}

/** Before Node 24.9: it has taken its parser off the socket, so the request goes through the server once more, without the wish. */
function serveAgain(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index] as string;
    if (!UPGRADE_FIELDS.has(name.toLowerCase())) lines.push(`${name}: ${request.rawHeaders[index + 1]}`);
  }
  // As Node read them: header bytes are Latin-1.
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}

/** What a client of a plain WebSocket offers beside a token, because browsers want one of what they have offered. */
const PLAIN_PROTOCOL = 'sluice.plain';

/** The sub-protocol of a socket: where there is none of ours the library would choose the first one offered, which may be a token. */
export function protocolOfSocket(offered: Set<string>, { url = '' }: IncomingMessage): string | false {
  const isSession = url === SESSION_PATH || url.startsWith(`${SESSION_PATH}?`);
  if (isSession) return chooseProtocol(offered) ?? false;
  return offered.has(PLAIN_PROTOCOL) && PLAIN_PROTOCOL;
}

/** Checks what the WebSocket library would refuse with an answer of its own. Source: RFC 6455 section 4.2.1. */
export function assertHandshake({ method, headers }: IncomingMessage): void {
  if (method !== 'GET') {
    throw new RpcError('HTTP_METHOD_NOT_ALLOWED', 'a WebSocket is opened by GET', {
      headers: { allow: 'GET' },
    });
  }
  const version = headers['sec-websocket-version'];
  if (version !== '13' && version !== '8') {
    throw new RpcError('UPGRADE_REQUIRED', 'header sec-websocket-version: must be 13', {
      headers: { 'sec-websocket-version': '13' },
    });
  }
  if (!/^[0-9A-Za-z+/]{22}==$/.test(headers['sec-websocket-key'] ?? '')) {
    throw new RpcError('INVALID_HEADER', 'header sec-websocket-key: must be 16 bytes in base64');
  }
}
