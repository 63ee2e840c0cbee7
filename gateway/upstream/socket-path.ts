/**
 * The path to connect to for a target that is a socket of this machine: "unix:relative/or/absolute", "unix:///absolute" or
 * "unix-abstract:name" (Linux; the path then begins with NUL). Node 20 fills the name of an abstract socket up with NUL to its full length, so
 * it finds only services on Node there. `undefined` for any other target. Throws a TypeError that says how to write it.
 * Source: grpc/doc/naming.md
 */
export function socketPathOf(target: string): string | undefined {
  const parts = /^(unix|unix-abstract):(.*)$/s.exec(target);
  if (parts === null) return undefined;
  const isAbstract = parts[1] === 'unix-abstract';
  const given = parts[2] ?? '';
  const name = !isAbstract && given.startsWith('//') ? given.slice(2) : given;
  const fail = (problem: string) => {
    throw new TypeError(
      `upstream target ${JSON.stringify(target)}: ${problem}; write it like unix:/run/app.sock, unix:///run/app.sock or unix-abstract:app`,
    );
  };
  if (name === '') fail('the path is missing');
  if (given.startsWith('//') && !isAbstract && !name.startsWith('/')) fail('unix:// needs an absolute path');
  if (!isAbstract && name.includes('\0')) fail('a path must not contain NUL');
  const path = isAbstract ? `\0${name}` : name;
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) fail(`the path is longer than ${MAX_PATH_BYTES} bytes`);
  return path;
}

/** What fits into an address of a socket, with the NUL that ends it. Source: unix(7). */
const MAX_PATH_BYTES = 107;

/** The `:authority` of calls to such a target. Source: gRFC A25 and what grpc-js and grpc-go send. */
export const SOCKET_AUTHORITY = 'localhost';

/** What may stand in `:authority`: a host, and a port. Source: RFC 3986 section 3.2, without user information. */
const AUTHORITY = /^[A-Za-z0-9._~!$&'()*+,;=:%[\]-]{1,255}$/;

/** Throws a TypeError when a text is not an authority. */
export function assertAuthority(authority: string): void {
  if (!AUTHORITY.test(authority)) {
    throw new TypeError(
      `upstream authority ${JSON.stringify(authority)} must look like "name" or "name:port"`,
    );
  }
}
