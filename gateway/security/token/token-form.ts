import type { RpcError } from '../../status/index.js';
import { type Claims, credentialRefused } from '../identity/index.js';

/** The longest token that is looked at, in characters. A cookie has at most 4 KiB; larger tokens list every group of a person. */
export const MAX_TOKEN_LENGTH = 16 * 1024;

/** The longest `kid` that is looked for, in characters. */
const MAX_KID_LENGTH = 1_024;

/** What the head of a token says. It is not signed for until the signature has been checked. */
export interface TokenHead {
  readonly alg: string;
  /** A value to look for among the keys, and nothing else. */
  readonly kid: string | undefined;
}

/** A token taken apart, before anything of it is believed. */
export interface TokenForm {
  readonly head: TokenHead;
  readonly claims: Claims;
}

const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** What a token may say that it is. Source: RFC 9068 section 4, RFC 7519 section 5.1. */
const TYPES = new Set(['jwt', 'at+jwt', 'application/at+jwt', 'application/jwt']);

/** What refuses a token by its length and its parts alone; `undefined`: it may be a signed token. */
export function refusalOfForm(token: string): RpcError | undefined {
  if (token.length > MAX_TOKEN_LENGTH)
    return credentialRefused(`the token is longer than ${MAX_TOKEN_LENGTH} characters`);
  if (TOKEN.test(token)) return undefined;
  return credentialRefused(
    token.split('.', 6).length === 5 ? 'the token is encrypted' : 'the token is not three parts of base64url',
  );
}

/** Takes a token apart. Throws UNAUTHENTICATED for what is not a signed token of the form that is accepted. */
export function tokenForm(token: string): TokenForm {
  const refusal = refusalOfForm(token);
  if (refusal !== undefined) throw refusal;
  const [head = '', claims = '', signature = ''] = token.split('.');
  // Decoders pass over what is left of the last character, and so would take a token that is not the one that was signed.
  if (Buffer.from(signature, 'base64url').toString('base64url') !== signature)
    throw credentialRefused('the signature is not base64url');
  return { head: headOf(objectOf(head, 'head')), claims: objectOf(claims, 'payload') };
}

function headOf({ alg, kid, typ, cty, crit }: Claims): TokenHead {
  if (typeof alg !== 'string') throw credentialRefused('alg: is not a text');
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > MAX_KID_LENGTH))
    throw credentialRefused('kid: is not a short text');
  if (typ !== undefined && !(typeof typ === 'string' && TYPES.has(typ.toLowerCase())))
    throw credentialRefused('typ: is neither JWT nor at+jwt');
  if (cty !== undefined) throw credentialRefused('cty: a token within a token is not accepted');
  if (crit !== undefined) throw credentialRefused('crit: extensions are not accepted');
  return { alg, kid };
}

function objectOf(part: string, name: string): Claims {
  let value: unknown;
  try {
    value = JSON.parse(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(part, 'base64url')),
    );
  } catch {
    // Below.
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Claims;
  throw credentialRefused(`the ${name} of the token is not a JSON object`);
}
