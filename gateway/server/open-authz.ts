import type { Logger } from 'pino';
import type { Authorize } from '../security/index.js';
import type { AuthConfig } from './config/index.js';
import { onceEach } from './once-each.js';

/** As Envoy has it: the answer is waited for before every exchange. */
const DEFAULT_TIMEOUT_MS = 200;

/** Of unanswered questions whose requests are let in, the log has a line so often, in milliseconds. */
const LINE_EACH_MS = 10_000;

/** Headers of which a line says that they cannot be forwarded: once each. */
const MAX_TOLD_HEADERS = 100;

export interface OpenAuthz {
  readonly authorize: Authorize;
  /** Ends its connections as soon as what has been asked is answered. */
  close(): void;
}

/** Opens the authorization service of the configuration, if it names one. It is connected to when it is first asked. Rejects with an Error that names the file that cannot be used. */
export async function openAuthz(
  { extAuthz, ...auth }: AuthConfig,
  log: Logger,
): Promise<OpenAuthz | undefined> {
  if (extAuthz === undefined) return undefined;
  const { target, timeoutMs = DEFAULT_TIMEOUT_MS, failureModeAllow = false } = extAuthz;
  // Only now: a gateway without such a service has no use for what asks it.
  const { AuthzTransport } = await import('./authz-transport.js');
  const { ExtAuthz } = await import('./ext-authz.js');
  const transport = await AuthzTransport.open({
    target,
    timeoutMs,
    tls: extAuthz.tls,
    onLoaded: () => log.info({}, 'certificates of the authorization service read again'),
    onFailed: (problem) =>
      log.error({ problem }, 'certificates of the authorization service not read, the old ones stay'),
  });
  let toldAt = Number.NEGATIVE_INFINITY;
  const authz = new ExtAuthz(transport, {
    timeoutMs,
    failureModeAllow,
    onLetIn(problem) {
      if (performance.now() - toldAt < LINE_EACH_MS) return;
      toldAt = performance.now();
      log.error({ problem }, 'authorization service not answering: requests are let in');
    },
    onLeftOut: onceEach(MAX_TOLD_HEADERS, (name, problem) =>
      log.warn(
        { problem: `header ${JSON.stringify(name)}: ${problem}` },
        'header of the authorization service not forwarded',
      ),
    ),
  });
  return {
    authorize: {
      ask: (asked) => authz.ask(asked),
      ofPublic: extAuthz.public ?? false,
      ofUnnamed: auth.default !== 'public',
      ofOwn: (auth.documents ?? auth.default) !== 'public',
    },
    close: () => transport.close(),
  };
}
