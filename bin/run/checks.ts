import {
  AllowedOrigins,
  assertAuthority,
  assertJournal,
  assertUpstreamAddress,
  HeaderRules,
  parseBasePath,
  parseOtlpEndpoint,
  ServedHosts,
  TrustedProxies,
} from '../../gateway/index.js';
import { parseListen } from '../../gateway/options/index.js';
import { assertIdentityName } from '../../grpc-core/options/index.js';
import { assertMetadataPairs } from '../metadata-pairs.js';
import { assertTogether, type Settings } from '../options/index.js';
import { assertBy } from './check-core.js';

/** What a text or a list must be that is more than a text or a list, by the option. */
const CHECKS: Readonly<Record<string, (value: never) => unknown>> = {
  listen: parseListen,
  adminListen: parseListen,
  coreListen: parseListen,
  upstreamAuthority: assertAuthority,
  identityMetadata: assertIdentityName,
  basePath: parseBasePath,
  otlpEndpoint: parseOtlpEndpoint,
  journal: assertJournal,
  allowOrigin: (origins: readonly string[]) => new AllowedOrigins(origins),
  allowHost: (hosts: readonly string[]) => new ServedHosts(hosts),
  forwardHeader: (names: readonly string[]) => new HeaderRules(names),
  trustedProxies: (entries: readonly string[]) => new TrustedProxies(entries),
  reflectionMetadata: assertMetadataPairs,
};

/** Checks everything that can be checked before a file or a port is opened. Throws `SettingsError` that names the option. */
export function checkGatewaySettings(settings: Settings): void {
  const { values } = settings;
  for (const [name, check] of Object.entries(CHECKS)) assertBy(settings, name, check);
  // The library of grpc-js takes more than we do.
  if (values.transport !== 'grpc-js' || String(values.upstream).startsWith('unix')) {
    assertBy(settings, 'upstream', assertUpstreamAddress);
  } else {
    assertBy(settings, 'upstream', assertNoCredentials);
  }
  assertTogether(settings);
}

/** No address of gRPC has a user, and what is accepted is shown in logs and by --print-config. */
function assertNoCredentials(upstream: string): void {
  if (upstream.includes('@')) throw new TypeError('an address of a service has no user and no @');
}
