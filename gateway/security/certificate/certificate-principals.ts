import type { Socket } from 'node:net';
import { type ClientCertificate, clientCertificate } from '../client-certificate.js';
import { createPrincipal, type Principal } from '../identity/index.js';

/** Which of a certificate's names may be its subject: a URI (SPIFFE) or DNS name it has besides, or its common name. */
export const CERTIFICATE_NAMES = ['uri', 'dns', 'cn'] as const;

export type CertificateName = (typeof CERTIFICATE_NAMES)[number];

/** What names the subjects of certificates where the configuration does not say. */
export const DEFAULT_CERTIFICATE_ISSUER = 'mtls';

/** How certificates of clients name principals. */
export interface CertificateSettings {
  /** The first of these kinds that a certificate has. */
  readonly subject: readonly CertificateName[];
  /** What stands in for the `iss` of a token. */
  readonly issuer: string;
  /** Which subjects have a role; one that ends in `*` is for all that begin so. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
}

/** The longest subject, in characters: that of a token. */
const MAX_SUBJECT_LENGTH = 256;

/** Printable ASCII: what everybody writes in the same way. */
const PLAIN = /^[!-~]+$/;

/** Principals of the connections whose clients have shown a certificate of an authority of `--tls-client-ca`. */
export class CertificatePrincipals {
  readonly #settings: CertificateSettings;
  readonly #known = new WeakMap<ClientCertificate, { readonly principal: Principal | undefined }>();

  constructor(settings: CertificateSettings) {
    this.#settings = settings;
  }

  /**
   * Whom the certificate of a connection, or of a stream of it, names: the same object every time. `undefined` where there is none, and where it has no
   * name of the kinds that are asked for, or several of one kind, between which nobody could choose. Source: SPIFFE X.509-SVID section 5.2.
   */
  of(socket: Socket): Principal | undefined {
    const certificate = clientCertificate(socket);
    if (certificate === undefined) return undefined;
    const known = this.#known.get(certificate);
    if (known !== undefined) return known.principal;
    const principal = this.#principal(certificate);
    this.#known.set(certificate, { principal });
    return principal;
  }

  #principal(certificate: ClientCertificate): Principal | undefined {
    const { subject: kinds, issuer, roles } = this.#settings;
    for (const kind of kinds) {
      const names = namesOf(certificate, kind);
      if (names.length === 0) continue;
      const [subject] = names;
      if (names.length > 1 || subject === undefined) return undefined;
      if (subject.length > MAX_SUBJECT_LENGTH || !PLAIN.test(subject)) return undefined;
      return createPrincipal({
        issuer,
        subject,
        tenant: undefined,
        scopes: [],
        roles: Object.keys(roles).filter((role) => roles[role]?.some((pattern) => fits(subject, pattern))),
        // As in TLS, where a certificate is looked at when the connection is opened.
        expiresAt: undefined,
        claims: { iss: issuer, sub: subject },
      });
    }
    return undefined;
  }
}

function namesOf({ subject, names }: ClientCertificate, kind: CertificateName): readonly string[] {
  if (kind === 'cn') {
    const parts = subject.split('\n').filter((part) => part.startsWith('CN='));
    return parts.map((part) => part.slice('CN='.length));
  }
  return names.filter(([one]) => one === kind.toUpperCase()).map(([, value]) => value);
}

function fits(subject: string, pattern: string): boolean {
  return pattern.endsWith('*') ? subject.startsWith(pattern.slice(0, -1)) : subject === pattern;
}
