import { readFileSync } from 'node:fs';
import {
  type ConnectionOptions,
  credsAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node';

/** Who the gateway is for NATS, and whom it trusts. */
export interface NatsAccess {
  readonly isTls?: boolean;
  readonly user?: string | undefined;
  /** The password is the first line of this file. */
  readonly passwordFile?: string | undefined;
  /** A file of credentials, as `nsc` writes it. */
  readonly credentials?: string | undefined;
  /** A file of certificates (PEM); the connection has TLS then. */
  readonly ca?: string | undefined;
}

/**
 * The same for the library, which reads the files of secrets again for each connection, so that a new password counts from the next one on. Throws an error
 * that names a file that cannot be read; nothing of what is in it is ever part of one.
 */
export function accessOptions({
  isTls = false,
  user,
  passwordFile,
  credentials,
  ca,
}: NatsAccess): Partial<ConnectionOptions> {
  const options: Partial<ConnectionOptions> = {};
  if (user !== undefined && passwordFile !== undefined) {
    const password = () => (read(passwordFile).toString().split(/\r?\n/, 1)[0] as string).trim();
    password();
    options.authenticator = usernamePasswordAuthenticator(user, password);
  }
  if (credentials !== undefined) {
    const file = () => read(credentials);
    file();
    const authenticator = (nonce?: string) => credsAuthenticator(file())(nonce);
    options.authenticator = authenticator;
  }
  if (isTls || ca !== undefined) options.tls = ca === undefined ? {} : { ca: read(ca).toString() };
  return options;
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (reason) {
    throw new Error(
      `journal: cannot read ${file}: ${(reason as NodeJS.ErrnoException).code ?? 'unreadable'}`,
      {
        cause: reason,
      },
    );
  }
}
