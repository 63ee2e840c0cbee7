import {
  AllowedOrigins,
  assertAuthority,
  assertUpstreamAddress,
  HeaderRules,
  parseBasePath,
  parseListen,
  ServedHosts,
  TrustedProxies,
} from '../../gateway/index.js';
import { assertTogether, faultOf, type Settings } from '../options/index.js';
import { assertReflectionMetadata } from './reflection-metadata.js';

/** What a text or a list must be that is more than a text or a list, by the option. */
const CHECKS: Readonly<Record<string, (value: never) => unknown>> = {
  listen: parseListen,
  adminListen: parseListen,
  coreListen: parseListen,
  upstreamAuthority: assertAuthority,
  basePath: parseBasePath,
  allowOrigin: (origins: readonly string[]) => new AllowedOrigins(origins),
  allowHost: (hosts: readonly string[]) => new ServedHosts(hosts),
  forwardHeader: (names: readonly string[]) => new HeaderRules(names),
  trustedProxies: (entries: readonly string[]) => new TrustedProxies(entries),
  reflectionMetadata: assertReflectionMetadata,
};

/** Checks everything that can be checked before a file or a port is opened. Throws `SettingsError` that names the option. */
export function checkSettings(settings: Settings): void {
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

function assertBy(settings: Settings, name: string, check: (value: never) => unknown): void {
  const value = settings.values[name];
  if (value === undefined) return;
  try {
    check(value as never);
  } catch (cause) {
    throw faultOf(settings, name, `: ${(cause as Error).message}`, cause);
  }
}

/** No address of gRPC has a user, and what is accepted is shown in logs and by --print-config. */
function assertNoCredentials(upstream: string): void {
  if (upstream.includes('@')) throw new TypeError('an address of a service has no user and no @');
}
