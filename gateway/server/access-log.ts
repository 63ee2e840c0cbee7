import type { Logger } from 'pino';
import { type AccessLine, nameOfPrincipal, type WriteAccess } from '../security/index.js';
import { codeName } from '../status/index.js';

/**
 * One line for each decision of who is let in: the audit of a gateway. It is written whatever `--log-calls` says, and at the moment of the decision, so
 * that a stream of days is in it when it begins.
 */
export function accessLog(log: Logger): WriteAccess {
  return ({ requestId, peer, path, method, principal, shown, by, refusal }: AccessLine) => {
    const { issuer, tenant, isAnonymous } = principal;
    const line = {
      requestId,
      decision: refusal === undefined ? 'admitted' : 'refused',
      method,
      path: method === undefined ? path : undefined,
      peer,
      principal: nameOfPrincipal(principal),
      issuer: isAnonymous ? undefined : issuer,
      tenant,
      credential: shown,
      // A text, not a list: such lines cost half.
      by: by.length === 0 ? undefined : by.join(', '),
      code: refusal && codeName(refusal.code),
      reason: refusal?.reason,
      problem: refusal?.problem,
    };
    log.info(line, 'access');
  };
}
