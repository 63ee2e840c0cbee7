/** "host:port" or "[v6]:port" or ":port" (every address) in parts. Throws a TypeError that says how to write it. */
export function parseListen(listen: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(listen);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new TypeError(
      `listen address ${JSON.stringify(listen)}: write it like 127.0.0.1:8080, [::1]:8080 or :8080`,
    );
  }
  return { host: match[1] ?? (match[2] || '::'), port };
}
