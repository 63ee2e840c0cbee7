import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** What a client's certificate says of it. One of the authorities of `--tls-client-ca` has signed it. */
export interface ClientCertificate {
  /** Its distinguished name, one part a line: "CN=billing". */
  readonly subject: string;
  /** Its other names with their kinds, in order: `['DNS', 'billing.example']`, `['URI', 'spiffe://example/billing']`. */
  readonly names: readonly (readonly [kind: string, value: string])[];
}

/** One name of a list, whose value is quoted as JSON where it has a comma or a quote. */
const NAME = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/y;

const KNOWN = Symbol('the certificate of its client');
type Known = Socket & { [KNOWN]?: ClientCertificate | null };

const CARRIER = Symbol('the connection of a stream');
type Carried = Socket & { [CARRIER]?: Socket };

/** Says that what serves as a socket is a stream of that connection, so that its client is the client of the connection. */
export function carriedBy(stream: Socket, connection: Socket): void {
  (stream as Carried)[CARRIER] = connection;
}

/**
 * The certificate that the client of a connection, or of a stream of it, has shown; `undefined` without TLS, and where none was asked for, or none
 * was shown. The same object every time.
 */
export function clientCertificate(socket: Socket): ClientCertificate | undefined {
  const known: Known = (socket as Carried)[CARRIER] ?? socket;
  if (known[KNOWN] === undefined) known[KNOWN] = read(known as Socket as TLSSocket) ?? null;
  return known[KNOWN] ?? undefined;
}

function read(socket: TLSSocket): ClientCertificate | undefined {
  if (!socket.encrypted || !socket.authorized) return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  return { subject: certificate.subject, names: namesIn(certificate.subjectAltName ?? '') };
}

/** None where the list is not as Node writes it: nobody could tell what a name is then. */
export function namesIn(list: string): (readonly [string, string])[] {
  const names: (readonly [string, string])[] = [];
  let at = 0;
  while (at < list.length) {
    NAME.lastIndex = at;
    const match = NAME.exec(list);
    if (match === null) return [];
    const [whole, kind = '', value = ''] = match;
    names.push([kind, value.startsWith('"') ? (JSON.parse(value) as string) : value]);
    at += whole.length;
  }
  return names;
}
