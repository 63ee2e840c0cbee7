import { wait } from '../../retry/index.js';
import { openCallScope } from '../shared/call-scope.js';
import { Code } from '../shared/code.js';
import type { Endpoint } from '../shared/endpoint.js';
import { whenPageShown } from '../shared/page-lifecycle.js';
import { SluiceError } from '../shared/sluice-error.js';
import type { SessionSocket } from './session-socket.js';

export interface SessionOpeningOptions {
  readonly endpoint: Endpoint;
  /** Opens a socket at once. */
  readonly open: () => SessionSocket;
  /** A handshake that takes longer is compared with HTTP. */
  readonly fallbackAfterMs: number;
  /** Ends the asking, not the sockets. */
  readonly signal: AbortSignal;
}

/**
 * Opens a session and returns it, or undefined when the gateway answers HTTP and no WebSocket gets through to it: its handshake is still
 * unanswered after `fallbackAfterMs`, or was refused twice, the second time after HTTP was answered, so that a gateway that was away for a
 * moment is not mistaken for one. When HTTP is not answered either, the gateway is away: rejects with what the handshake failed with.
 */
export async function openSessionOrFallBack(
  opening: SessionOpeningOptions,
): Promise<SessionSocket | undefined> {
  for (let answered = false; ; ) {
    const session = opening.open();
    const asking = openCallScope({ signal: opening.signal });
    const ask = () => httpAnswers(opening.endpoint, asking.signal).catch(() => false);
    const opened = session.opened.then(
      () => 'open' as const,
      (error: unknown) => ({ error }),
    );
    const outcome = async () => {
      const swallowed = await wait(opening.fallbackAfterMs, asking.signal).then(ask, () => false);
      return swallowed ? ('swallowed' as const) : await opened;
    };
    try {
      const first = await Promise.race([opened, outcome()]);
      if (first === 'open') return session;
      if (first === 'swallowed') {
        session.close(new SluiceError(Code.UNAVAILABLE, 'the handshake of the WebSocket was not answered'));
        return undefined;
      }
      if (answered) return undefined;
      answered = await ask();
      if (!answered) throw first.error;
    } finally {
      asking.close();
    }
  }
}

/** The longest wait for the answer, in milliseconds: as long as a patient page waits for the handshake. */
const ANSWER_MS = 5_000;

/**
 * Whether HTTP reaches a gateway. 426 is its own word to a request for a session that is none; 400 to 403 are those of a proxy that
 * refuses the path. Anything else, a 502 or the page of a hotel's network, is no gateway.
 */
async function httpAnswers(endpoint: Endpoint, signal: AbortSignal): Promise<boolean> {
  // A request in a page that was left would keep it out of the browser's cache for Back.
  await whenPageShown(signal);
  const scope = openCallScope({ signal, timeoutMs: ANSWER_MS, endsWithPage: true });
  try {
    const { status } = await endpoint.fetch(endpoint.sessionUrl(), { signal: scope.signal });
    return status === 426 || (status >= 400 && status <= 403);
  } finally {
    scope.close();
  }
}
