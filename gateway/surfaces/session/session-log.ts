import { Code, codeName, type RpcError } from '../../status/index.js';
import { isOfTrace, traceIdOf } from '../exchange/index.js';
import type { OpenFrame } from './admit-call.js';
import { requestIdOf } from './call-request-id.js';
import type { SessionContext } from './session-context.js';

/** What of a method's name is kept in the log: it may be as long as a frame. */
const MAX_NAME_LENGTH = 256;

/** One line for an `open` that becomes no call. */
export function logRefusedOpen(
  { method, metadata }: OpenFrame,
  error: RpcError,
  { source, log, surfaces, metadata: ofSession, requestId: idOfSession }: SessionContext,
  unlogged: number,
): void {
  const requestId = requestIdOf(metadata) ?? idOfSession;
  // As for a call: what the open says of a trace is all that counts.
  const traceId = traceIdOf(metadata.some(([one]) => isOfTrace(one)) ? metadata : ofSession);
  const name = method.slice(0, MAX_NAME_LENGTH);
  const line = { requestId, traceId, peer: source.address, method: name, surface: surfaces.session.name };
  const { code, reason, problem } = error;
  const why = { code: codeName(code), reason };
  if (code === Code.INTERNAL) log.error({ ...line, ...why, err: error }, 'call failed');
  else {
    const refused = unlogged === 0 ? undefined : unlogged + 1;
    log.info({ ...line, ...why, problem, refused }, 'request refused');
  }
}

/** One line for a session that a rule or a limit closes. */
export function logClosedSession(
  closeCode: number,
  problem: string,
  { requestId, source, log, surfaces }: SessionContext,
): void {
  const surface = surfaces.session.name;
  log.info({ requestId, peer: source.address, surface, closeCode, problem }, 'session closed');
}

/** One line for a session that a defect of ours closes. */
export function logFailedSession(
  reason: unknown,
  { requestId, source, log, surfaces }: SessionContext,
): void {
  log.error(
    { requestId, peer: source.address, surface: surfaces.session.name, err: reason },
    'session failed',
  );
}
