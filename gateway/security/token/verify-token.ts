import { errors, type JWTPayload, jwtVerify } from 'jose';
import { algorithmsOf, credentialRefused, type IssuerSettings, toleranceOf } from '../identity/index.js';
import type { KeySource } from './key-source.js';
import type { TokenForm } from './token-form.js';

/** The longest subject, in characters. */
const MAX_SUBJECT_LENGTH = 256;

/** What a token that is accepted says. */
export interface VerifiedClaims extends JWTPayload {
  readonly sub: string;
  readonly exp: number;
}

/** A token that is accepted, and the version of the keys that it was checked with. */
export interface VerifiedToken {
  readonly claims: VerifiedClaims;
  readonly version: number;
}

/**
 * Checks a token of an issuer: its algorithm, its signature, whom it is from and for, and its times. `now`: epoch milliseconds. Rejects with UNAUTHENTICATED
 * that says for the log what is wrong, and with UNAVAILABLE when there are no keys to check it with.
 */
export async function verifyToken(
  token: string,
  { head }: TokenForm,
  issuer: IssuerSettings,
  keys: KeySource,
  now: number,
): Promise<VerifiedToken> {
  const algorithms = algorithmsOf(issuer);
  if (!algorithms.includes(head.alg)) throw credentialRefused('alg: is not one of those of the issuer');
  const { keys: found, version } = await keys.find(head);
  if (found.length === 0) throw credentialRefused('no key of the issuer fits alg and kid');
  const tolerance = toleranceOf(issuer);
  let problem = '';
  for (const key of found) {
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: [...algorithms],
        issuer: issuer.issuer,
        audience: [...issuer.audience],
        requiredClaims: ['exp', 'sub'],
        clockTolerance: tolerance,
        currentDate: new Date(now),
      });
      return { claims: assertClaims(payload, now / 1_000 + tolerance), version };
    } catch (reason) {
      // Another key may fit; what else is wrong stays wrong.
      if (!(reason instanceof errors.JWSSignatureVerificationFailed)) throw refusalOf(reason);
      problem = reason.message;
    }
  }
  throw credentialRefused(problem);
}

/** What the library leaves open. `latest`: the last second that may be the present. */
function assertClaims(payload: JWTPayload, latest: number): VerifiedClaims {
  const { sub, exp, iat, nbf } = payload;
  if (typeof sub !== 'string' || sub === '' || sub.length > MAX_SUBJECT_LENGTH)
    throw credentialRefused(`sub: is not a text of 1 to ${MAX_SUBJECT_LENGTH} characters`);
  if (exp === undefined || !Number.isFinite(exp)) throw credentialRefused('exp: is not a time');
  if (nbf !== undefined && !Number.isFinite(nbf)) throw credentialRefused('nbf: is not a time');
  if (iat !== undefined && !(typeof iat === 'number' && iat <= latest))
    throw credentialRefused('iat: is not a time that has been');
  return { ...payload, sub, exp };
}

/** The library's own words name claims and never values. */
function refusalOf(reason: unknown): unknown {
  return reason instanceof errors.JOSEError ? credentialRefused(reason.message) : reason;
}
