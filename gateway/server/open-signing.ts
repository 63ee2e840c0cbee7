import type { OwnTokens } from '../security/index.js';
import type { AuthConfig } from './config/index.js';
import type { IdentityLog } from './identity-log.js';

/** Default time that a token of our own lasts, in seconds: long enough for many calls, too short to be worth stealing. */
const DEFAULT_TTL_SECONDS = 60;

/** Opens what signs tokens for services, if that is configured. Rejects with an Error that names the key file that cannot be used. Nobody closes it. */
export async function openSigning(
  { sign }: AuthConfig,
  { log, listening }: IdentityLog,
): Promise<OwnTokens | undefined> {
  if (sign === undefined) return undefined;
  // Only now: a gateway that signs nothing has no use for what does it.
  const { SignedTokens } = await import('../security/token/index.js');
  const { audience, ttlSeconds = DEFAULT_TTL_SECONDS, keyFile: file } = sign;
  const settings = { ...sign, ttlSeconds, audience: typeof audience === 'string' ? [audience] : audience };
  return await SignedTokens.open(settings, {
    events: {
      loaded(kid) {
        void listening.then(() => log.info({ kid, file }, 'signing key loaded'));
      },
      failed(problem) {
        void listening.then(() => log.error({ problem, file }, 'signing key not loaded'));
      },
      exposed(problem) {
        void listening.then(() => log.warn({ problem, file }, 'signing key exposed'));
      },
    },
  });
}
