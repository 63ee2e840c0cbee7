import { wait } from '../../retry/wait.js';
import { openCallScope } from '../shared/call-scope.js';
import { Code } from '../shared/code.js';
import type { Endpoint } from '../shared/endpoint.js';
import { whenPageShown } from '../shared/page-lifecycle.js';
import { SluiceError } from '../shared/sluice-error.js';
import type { SessionSocket } from './session-socket.js';

export interface SessionOpeningOptions {
  readonly endpoint: Endpoint;
  /** Opens a session socket at once. */
  readonly open: () => SessionSocket;
  /** After this time without an answer to the handshake, in milliseconds, HTTP is tried. */
  readonly fallbackAfterMs: number;
  /** Ends the HTTP request. It does not close sockets. */
  readonly signal: AbortSignal;
}

/**
 * Opens a session socket and returns it, or undefined if WebSockets are blocked: the gateway answers HTTP, and the handshake is unanswered
 * after `fallbackAfterMs` or was refused twice. The second handshake follows the HTTP answer, so that a gateway that was away for a
 * moment does not count as blocked. If HTTP is not answered either, rejects with the error of the handshake.
 */
export async function openSessionOrFallBack(
  options: SessionOpeningOptions,
): Promise<SessionSocket | undefined> {
  for (let reachable = false; ; ) {
    const session = options.open();
    const probe = openCallScope({ signal: options.signal });
    const probeHttp = () => isHttpAnswered(options.endpoint, probe.signal).catch(() => false);
    const opened = session.opened.then(
      () => 'open' as const,
      (error: unknown) => ({ error }),
    );
    const outcome = async () => {
      const blocked = await wait(options.fallbackAfterMs, probe.signal).then(probeHttp, () => false);
      return blocked ? ('blocked' as const) : await opened;
    };
    try {
      const first = await Promise.race([opened, outcome()]);
      if (first === 'open') return session;
      if (first === 'blocked') {
        session.close(new SluiceError(Code.UNAVAILABLE, 'the WebSocket handshake was not answered'));
        return undefined;
      }
      // Nothing is wrong with WebSockets: there is no token.
      if (first.error instanceof SluiceError && first.error.code === Code.UNAUTHENTICATED) throw first.error;
      if (reachable) return undefined;
      reachable = await probeHttp();
      if (!reachable) throw first.error;
    } finally {
      probe.close();
    }
  }
}

/** The longest wait for the HTTP answer, in milliseconds: the default of `fallbackAfterMs`. */
const PROBE_TIMEOUT_MS = 5_000;

/**
 * Whether HTTP reaches a gateway. A gateway answers a plain request for a session with 426; a proxy that refuses the path answers 400 to 403.
 * Any other status, for example 502 or the page of a hotel's network, does not come from a gateway.
 */
async function isHttpAnswered(endpoint: Endpoint, signal: AbortSignal): Promise<boolean> {
  // A request of a hidden page would keep it out of the browser's cache for Back.
  await whenPageShown(signal);
  const scope = openCallScope({ signal, timeoutMs: PROBE_TIMEOUT_MS, endsWithPage: true });
  try {
    const { status } = await endpoint.fetch(endpoint.sessionUrl(), { signal: scope.signal });
    return status === 426 || (status >= 400 && status <= 403);
  } finally {
    scope.close();
  }
}
