import { RpcError, sharedError } from '../../status/index.js';

/**
 * Nobody is known by this credential. The client is told the same whatever is wrong with it; `problem` is for the log, and never holds a part of it.
 * Source: RFC 6750 section 3.1.
 */
export function credentialRefused(problem: string): RpcError {
  return sharedError('CREDENTIAL_INVALID', 'the credential is not accepted: get a new one', {
    problem,
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
  });
}

/** What a credential has opened ends with it. Whoever comes back with a new one goes on. */
export function credentialExpired(): RpcError {
  return new RpcError('CREDENTIAL_EXPIRED', 'the credential has ended: come back with a new one', {
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
  });
}

/** There is none where one is needed. */
export function credentialNeeded(): RpcError {
  return sharedError(
    'CREDENTIAL_NEEDED',
    'this needs a credential: send "authorization: Bearer" and a token',
    { headers: { 'www-authenticate': 'Bearer' } },
  );
}

/** Known, and not allowed. `problem` is for the log. */
export function accessDenied(problem: string): RpcError {
  return sharedError('ACCESS_DENIED', 'this is not allowed', { problem });
}

/** Seconds after which it is worth a try. */
const RETRY_SECONDS = '5';

/** Whether a credential is good cannot be said now. */
export function keysUnreachable(problem: string): RpcError {
  return new RpcError('KEYS_UNREACHABLE', 'credentials cannot be checked now', {
    problem,
    headers: { 'retry-after': RETRY_SECONDS },
  });
}
