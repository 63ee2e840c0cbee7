/** Where to connect to. */
export interface Address {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
}

export type Target =
  | { readonly kind: 'name'; readonly host: string; readonly port: number; readonly authority: string }
  | { readonly kind: 'addresses'; readonly addresses: readonly Address[]; readonly authority: string };

/**
 * Reads "host:port", "[::1]:port", "dns:///host:port" and "ipv4:a:port,b:port" / "ipv6:[a]:port,...". Throws a TypeError.
 * Source: grpc/doc/naming.md
 */
export function parseTarget(target: string): Target {
  const list = /^ipv[46]:(.*)$/.exec(target);
  if (list) {
    const addresses = (list[1] as string).split(',').map((one) => parseHostPort(one, target));
    return { kind: 'addresses', addresses, authority: formatAddress(addresses[0] as Address) };
  }
  const { host, port } = parseHostPort(target.replace(/^dns:(\/\/\/|\/\/[^/]*\/)?/, ''), target);
  return { kind: 'name', host, port, authority: formatAddress({ host, port }) };
}

export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function parseHostPort(text: string, target: string): Address {
  const parts = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9A-Za-z_.-]+)):([0-9]{1,5})$/.exec(text);
  const port = Number(parts?.[3]);
  if (!parts || port < 1 || port > 65_535) {
    throw new TypeError(
      `upstream target ${JSON.stringify(target)} must look like "host:port" or "dns:///host:port"`,
    );
  }
  return { host: (parts[1] ?? parts[2]) as string, port };
}
