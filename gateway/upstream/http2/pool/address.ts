import { SOCKET_AUTHORITY, socketPathOf } from '../../socket-path.js';

/** Where one connection goes. */
export type Endpoint = TcpEndpoint | SocketEndpoint;

/** A socket of this machine. */
export interface SocketEndpoint {
  /** Begins with NUL for an abstract one. */
  readonly path: string;
}

export interface TcpEndpoint {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/** What a target says: a name that is looked up, or the endpoints themselves. */
export type Address =
  | { readonly kind: 'name'; readonly host: string; readonly port: number; readonly authority: string }
  | { readonly kind: 'endpoints'; readonly endpoints: readonly Endpoint[]; readonly authority: string };

/**
 * Reads "host:port", "[::1]:port", "dns:///host:port", "ipv4:a:port,b:port" / "ipv6:[a]:port,..." and sockets (`socketPathOf`).
 * Throws a TypeError.
 * Source: grpc/doc/naming.md
 */
export function parseAddress(target: string): Address {
  const path = socketPathOf(target);
  if (path !== undefined) return { kind: 'endpoints', endpoints: [{ path }], authority: SOCKET_AUTHORITY };
  const list = /^ipv[46]:(.*)$/.exec(target);
  if (list) {
    const endpoints = (list[1] as string).split(',').map((one) => parseHostPort(one, target));
    return { kind: 'endpoints', endpoints, authority: formatEndpoint(endpoints[0] as Endpoint) };
  }
  const { host, port } = parseHostPort(target.replace(/^dns:(\/\/\/|\/\/[^/]*\/)?/, ''), target);
  return { kind: 'name', host, port, authority: formatEndpoint({ host, port }) };
}

/** Throws a TypeError that says how to write a target. */
export function assertUpstreamAddress(target: string): void {
  parseAddress(target);
}

/** As a target is written. */
export function formatEndpoint(address: Endpoint): string {
  if ('path' in address) {
    const { path } = address;
    return path.startsWith('\0') ? `unix-abstract:${path.slice(1)}` : `unix:${path}`;
  }
  const { host, port } = address;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function parseHostPort(text: string, target: string): TcpEndpoint {
  const parts = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9A-Za-z_.-]+)):([0-9]{1,5})$/.exec(text);
  const port = Number(parts?.[3]);
  if (!parts || port < 1 || port > 65_535) {
    throw new TypeError(
      `upstream target ${JSON.stringify(target)} must look like "host:port", "dns:///host:port" or "unix:/path"`,
    );
  }
  return { host: (parts[1] ?? parts[2]) as string, port };
}
