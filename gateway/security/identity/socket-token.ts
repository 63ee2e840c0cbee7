import type { IncomingMessage } from 'node:http';
import { credentialRefused } from './refused-credential.js';

/** What a sub-protocol begins with that is a token: a page can set no header of a WebSocket, but this one. */
const PREFIX = 'bearer.';

/** Source: RFC 4648 section 5, without padding. */
const BASE64URL = /^[\w-]+$/;

/** What a header could say: the token itself is looked at later. */
const TOKEN = /^[!-~]+$/;

const NOTHING: readonly string[] = [];

/** The tokens among the sub-protocols that a WebSocket offers. Throws UNAUTHENTICATED for one that cannot be read. */
export function socketTokens({ headers }: Pick<IncomingMessage, 'headers'>): readonly string[] {
  const offered = headers['sec-websocket-protocol'];
  if (offered === undefined || headers.upgrade?.toLowerCase() !== 'websocket') return NOTHING;
  if (!offered.includes(PREFIX)) return NOTHING;
  const tokens: string[] = [];
  for (const entry of offered.split(',')) {
    const name = entry.trim();
    if (name.startsWith(PREFIX)) tokens.push(tokenOf(name.slice(PREFIX.length)));
  }
  return tokens;
}

function tokenOf(text: string): string {
  const bytes = Buffer.from(text, 'base64url');
  // One way to write each token: no bits that nobody reads.
  const isWhole = BASE64URL.test(text) && bytes.toString('base64url') === text;
  const token = isWhole ? bytes.toString('latin1') : '';
  if (!TOKEN.test(token)) throw credentialRefused('a sub-protocol bearer. is not base64url of a token');
  return token;
}
