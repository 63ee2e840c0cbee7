import type { IncomingMessage } from 'node:http';
import type { Metadata } from '../../status/index.js';
import { credentialRefused } from './refused-credential.js';

/** What a client shows to be known by. Never in a log, an error or a metric. */
export interface Credential {
  /** A JSON Web Token, or what is said to be one. */
  readonly token: string;
}

/** The header, and the name in the metadata of a session's call. */
export const AUTHORIZATION = 'authorization';

/** Source: RFC 6750 section 2.1, RFC 9110 section 11.4. The scheme has no case. */
const BEARER = /^bearer +(\S+)$/i;

/**
 * The credential of a request, whatever it is for: the one place where one is looked for. Throws UNAUTHENTICATED for what is there and is none, and for
 * more than one.
 */
export function credentialOf({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>): Credential | undefined {
  let found: string | undefined;
  // Not `headers`: Node keeps the first of two, and a proxy may have looked at the second.
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.length !== AUTHORIZATION.length || name.toLowerCase() !== AUTHORIZATION) continue;
    if (found !== undefined) throw credentialRefused('there are several authorization headers');
    found = rawHeaders[at + 1] as string;
  }
  return found === undefined ? undefined : credentialOfText(found);
}

/** The same of the metadata that a call of a session says itself. */
export function credentialOfMetadata(metadata: Metadata): Credential | undefined {
  const values = metadata.filter(([name]) => name === AUTHORIZATION).map(([, value]) => value);
  const [value] = values;
  if (values.length > 1) throw credentialRefused('there are several values of authorization');
  return value === undefined ? undefined : credentialOfText(value);
}

function credentialOfText(text: string): Credential {
  const token = BEARER.exec(text.trim())?.[1];
  if (token === undefined) throw credentialRefused('authorization is not "Bearer" and a token');
  return { token };
}
