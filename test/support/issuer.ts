import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import type { Test } from 'tap';

/** A key of an issuer. */
export interface IssuerKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

export async function issuerKey(kid: string, alg = 'ES256'): Promise<IssuerKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** Who signs tokens in a test, with a server of its own for its keys. */
export interface Issuer {
  /** What its tokens say: the address of the server. */
  readonly issuer: string;
  readonly jwksUrl: string;
  /** What is published. */
  keys: JWK[];
  /** How often the keys were asked for. */
  fetches: number;
  /** In place of the keys. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  /** A token with these claims beside those that every good one has; `undefined` takes one away. */
  sign(key: IssuerKey, claims?: JWTPayload, head?: Record<string, unknown>): Promise<string>;
}

/** Opens one, and closes it in the test's teardown. */
export async function openIssuer(t: Test, keys: readonly IssuerKey[]): Promise<Issuer> {
  const server = createServer((request, response) => {
    if (request.url === '/jwks') made.fetches += 1;
    if (made.answer !== undefined) return made.answer(request, response);
    const isKeys = request.url === '/jwks';
    const description = { issuer: made.issuer, jwks_uri: made.jwksUrl };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(isKeys ? { keys: made.keys } : description));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const made: Issuer = {
    issuer,
    jwksUrl: `${issuer}/jwks`,
    keys: keys.map(({ jwk }) => jwk),
    fetches: 0,
    answer: undefined,
    async sign({ alg, kid, privateKey }, claims = {}, head = {}) {
      const now = Math.floor(Date.now() / 1_000);
      const all = { iss: issuer, aud: 'sluice', sub: 'alice', iat: now, exp: now + 600, ...claims };
      const header = { alg, kid, ...head };
      return await new SignJWT(all).setProtectedHeader(header).sign(privateKey);
    },
  };
  return made;
}
