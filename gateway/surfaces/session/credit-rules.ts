import { type ClientFrame, MAX_CREDIT, SessionFault } from '../../wire/session/index.js';

/** Throws `SessionFault` for an `open` that grants more than there may ever be. */
export function assertFirstCredit(open: Extract<ClientFrame, { kind: 'open' }>): void {
  for (const name of ['credit', 'creditBytes'] as const) {
    if (open[name] > MAX_CREDIT) throw new SessionFault(`open: ${name} must be at most ${MAX_CREDIT}`);
  }
}

/** Throws `SessionFault` for a `credit` that grants nothing, or more than there may ever be. */
export function assertGrant({ messages, bytes }: Extract<ClientFrame, { kind: 'credit' }>): void {
  if (messages > MAX_CREDIT || (messages === 0 && bytes === 0)) {
    throw new SessionFault(`credit: messages must be from 1 to ${MAX_CREDIT}, or 0 with bytes`);
  }
  if (bytes > MAX_CREDIT) throw new SessionFault(`credit: bytes must be at most ${MAX_CREDIT}`);
}

/** What is granted together. Throws `SessionFault` when that is more than there may be. */
export function addCredit(granted: number, more: number, name: 'messages' | 'bytes'): number {
  if (granted + more > MAX_CREDIT) throw new SessionFault(`credit: ${name} past ${MAX_CREDIT}`);
  return granted + more;
}
