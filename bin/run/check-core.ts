import { parseListen } from '../../gateway/options/index.js';
import { assertIdentityName } from '../../grpc-core/options/index.js';
import { assertTogether, faultOf, type Settings } from '../options/index.js';

/** Checks what `sluice core` is told. Throws `SettingsError` that names the option. */
export function checkCoreSettings(settings: Settings): void {
  assertBy(settings, 'listen', parseListen);
  assertBy(settings, 'identityMetadata', assertIdentityName);
  assertTogether(settings);
}

/** Makes a `SettingsError` of what a check of one option throws. */
export function assertBy(settings: Settings, name: string, check: (value: never) => unknown): void {
  const value = settings.values[name];
  if (value === undefined) return;
  try {
    check(value as never);
  } catch (cause) {
    throw faultOf(settings, name, `: ${(cause as Error).message}`, cause);
  }
}
