import { PUBLIC } from '../schema/index.js';
import {
  CERTIFICATE_NAMES,
  CertificatePrincipals,
  DEFAULT_CERTIFICATE_ISSUER,
  ForwardedClaims,
  type Identity,
  type IssuerSettings,
} from '../security/index.js';
import { openAccessLog } from './access-log.js';
import { type AuthConfig, defaultAccess, type GatewayConfig, hasIdentity } from './config/index.js';
import type { IdentityLog } from './identity-log.js';
import { onceEach } from './once-each.js';
import { openAuthz } from './open-authz.js';
import { openSigning } from './open-signing.js';

/** What a configuration makes of identity, ready to be used. Whoever opens it uses or closes it. */
export interface OpenIdentity {
  /** Puts it to use. */
  use(identity: Identity): void;
  /** Ends what is under way, such as the fetch of keys. */
  close(): void;
}

/** Claims of which a line says that they cannot be forwarded: once each. */
const MAX_TOLD_CLAIMS = 100;

/** Opens what is configured. Rejects with an Error that names the file that cannot be used. */
export async function openIdentity(config: GatewayConfig, log: IdentityLog): Promise<OpenIdentity> {
  if (!hasIdentity(config)) return { use: (identity) => identity.use(undefined), close: () => {} };
  const { auth = {} } = config;
  const certificates = openCertificates(auth, log);
  // First: it has nothing to close when what comes after it fails.
  const ownTokens = await openSigning(auth, log);
  const check = await openTokens(auth, log);
  const authz = await openAuthz(auth, log.log);
  const access = defaultAccess(auth);
  const audit = (auth.audit ?? true) ? openAccessLog(log.log) : undefined;
  return {
    use(identity) {
      identity.use({
        checkToken: check && ((token) => check.check(token)),
        knownToken: check && ((token) => check.known(token)),
        certificates,
        access,
        ownAccess: auth.documents === 'public' ? PUBLIC : access,
        forward: auth.forward && new ForwardedClaims(auth.forward, tellingOnce(log)),
        forwardToken: auth.forwardToken ?? auth.sign === undefined,
        ownTokens,
        authorize: authz?.authorize,
        audit: audit?.write,
        cookie: auth.cookie?.name,
        ticketMs: auth.ticket?.ttlMs,
      });
    },
    close() {
      check?.close();
      authz?.close();
      audit?.close();
    },
  };
}

/** Throws an Error where no client could ever show a certificate. */
function openCertificates(
  { clientCertificates: settings }: AuthConfig,
  { hasClientCa }: IdentityLog,
): CertificatePrincipals | undefined {
  if (settings === undefined) return undefined;
  if (!hasClientCa)
    throw new Error(
      'auth.clientCertificates needs --tls-client-ca: without it the gateway asks no client for one',
    );
  const { subject = CERTIFICATE_NAMES, issuer = DEFAULT_CERTIFICATE_ISSUER, roles = {} } = settings;
  return new CertificatePrincipals({
    subject: typeof subject === 'string' ? [subject] : subject,
    issuer,
    roles,
  });
}

async function openTokens({ issuers = [], ...settings }: AuthConfig, { log, listening }: IdentityLog) {
  if (issuers.length === 0) return undefined;
  // Only now: a gateway without issuers has no use for what checks tokens.
  const { TokenCheck } = await import('../security/token/index.js');
  const known: readonly IssuerSettings[] = issuers;
  return await TokenCheck.open(
    { ...settings, issuers: known },
    {
      eventsOf: (issuer) => ({
        loaded(keys) {
          void listening.then(() => log.info({ issuer, keys }, 'keys of an issuer loaded'));
        },
        failed(problem) {
          void listening.then(() => log.warn({ issuer, problem }, 'keys of an issuer not loaded'));
        },
      }),
    },
  );
}

function tellingOnce({ log }: IdentityLog): (claim: string, problem: string) => void {
  return onceEach(MAX_TOLD_CLAIMS, (claim, problem) =>
    log.warn({ problem: `auth.forward.${JSON.stringify(claim)}: ${problem}` }, 'claim not forwarded'),
  );
}
