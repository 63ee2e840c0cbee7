import type { Logger } from 'pino';
import { Alarm } from '../async/index.js';
import { type AccessLine, nameOfPrincipal, type WriteAccess } from '../security/index.js';
import { codeName } from '../status/index.js';
import { AccessLines } from './access-lines.js';

/** How long refusals may go untold that have had no line, in milliseconds. */
const TELL_MS = 10_000;

/** The audit of a gateway. Whoever opens it closes it. */
export interface AccessLog {
  readonly write: WriteAccess;
  /** Tells at once what has not been told. What is still being decided has its line after it. */
  close(): void;
}

/**
 * One line for each decision of who is let in: the audit of a gateway. It is written whatever `--log-calls` says, and at the moment of the decision, so
 * that a stream of days is in it when it begins. Who is let in always has a line. Who is refused may be refused as often as he likes, so these have a
 * rate (`AccessLines`), and those beyond it are counted: the next line of the same reason says how many they were, or after 10 s one of their own.
 */
export function openAccessLog(log: Logger): AccessLog {
  const lines = new AccessLines();
  const tell = (): void => {
    for (const [reason, refused] of lines.tell())
      log.info({ decision: 'refused', reason, refused }, 'access refused without a line');
  };
  const alarm = new Alarm({ onAlarm: tell });
  const write = (line: AccessLine): void => {
    const { refusal } = line;
    const untold = refusal === undefined ? 0 : lines.take(refusal.reason, line.peer);
    if (untold >= 0) writeLine(log, line, untold);
    else if (!alarm.isSet) alarm.set(TELL_MS);
  };
  return {
    write,
    close() {
      alarm.clear();
      tell();
    },
  };
}

function writeLine(log: Logger, line: AccessLine, untold: number): void {
  const { requestId, peer, path, method, principal, shown, by, refusal } = line;
  const { issuer, tenant, isAnonymous } = principal;
  const fields = {
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
    refused: untold === 0 ? undefined : untold + 1,
  };
  log.info(fields, 'access');
}
