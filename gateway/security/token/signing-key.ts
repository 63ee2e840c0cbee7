import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';

/** A key that the gateway signs with. */
export interface SigningKey {
  readonly alg: string;
  /** Its thumbprint: the same for the same key, whatever file it is in. Source: RFC 7638. */
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** What others check signatures with. */
  readonly publicJwk: JWK;
}

/** The least length of an RSA key, in bits. Source: RFC 7518 section 3.3. */
const MIN_RSA_BITS = 2_048;

/** What a key of a kind signs with: the first, unless a JSON Web Key names another of them. */
const ALGORITHMS: Readonly<Record<string, readonly string[]>> = {
  rsa: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  'ec prime256v1': ['ES256'],
  'ec secp384r1': ['ES384'],
  'ec secp521r1': ['ES512'],
  ed25519: ['EdDSA', 'Ed25519'],
};

/** Reads the text of a private key: PEM (PKCS#8), or a JSON Web Key. Rejects with an Error that says what is wrong, and holds nothing of it. */
export async function readSigningKey(text: string): Promise<SigningKey> {
  const { privateKey, wanted } = text.trimStart().startsWith('{') ? ofJwk(text) : ofPem(text);
  const { asymmetricKeyType: kind = '', asymmetricKeyDetails: details } = privateKey;
  const algorithms = ALGORITHMS[kind === 'ec' ? `ec ${details?.namedCurve}` : kind];
  if (algorithms === undefined)
    throw new Error('it must be a key of the kind RSA, EC (P-256, P-384, P-521) or Ed25519');
  if (kind === 'rsa' && (details?.modulusLength ?? 0) < MIN_RSA_BITS)
    throw new Error(`an RSA key must have at least ${MIN_RSA_BITS} bits`);
  const alg = wanted ?? (algorithms[0] as string);
  if (!algorithms.includes(alg)) throw new Error(`alg: must be ${algorithms.join(', ')} for such a key`);
  const exported = createPublicKey(privateKey).export({ format: 'jwk' }) as JWK;
  const kid = await calculateJwkThumbprint(exported);
  return { alg, kid, privateKey, publicJwk: { ...exported, kid, alg, use: 'sig' } };
}

interface ReadKey {
  readonly privateKey: KeyObject;
  readonly wanted: string | undefined;
}

function ofPem(text: string): ReadKey {
  if (text.includes('ENCRYPTED')) throw new Error('it is encrypted: it must be there without a passphrase');
  return { privateKey: privateKeyOf(() => createPrivateKey(text)), wanted: undefined };
}

function ofJwk(text: string): ReadKey {
  let jwk: Record<string, unknown>;
  try {
    jwk = JSON.parse(text);
  } catch {
    throw new Error('it begins with { and is not JSON');
  }
  if ('keys' in jwk) throw new Error('it is a set of keys: it must be one key');
  const { alg, use } = jwk;
  if (use !== undefined && use !== 'sig') throw new Error('use: must be sig, or left out');
  if (alg !== undefined && typeof alg !== 'string') throw new Error('alg: must be a text, or left out');
  return {
    privateKey: privateKeyOf(() => createPrivateKey({ key: jwk as JWK & { kty: string }, format: 'jwk' })),
    wanted: alg,
  };
}

/** The words of the library may quote what it has read. */
function privateKeyOf(read: () => KeyObject): KeyObject {
  try {
    return read();
  } catch {
    throw new Error('it is no private key: neither PEM (PKCS#8) nor a JSON Web Key with its private part');
  }
}
