import { flagOf } from '../../gateway/options/index.js';
import { faultOf, nameOf, type Settings } from './settings.js';

/** An option that makes sense only beside one of others. */
const NEEDS: readonly (readonly [name: string, oneOf: readonly string[]])[] = [
  ['upstreamCert', ['upstreamKey']],
  ['upstreamKey', ['upstreamCert']],
  ['upstreamServerName', ['upstreamTls', 'upstreamCa', 'upstreamCert']],
  ['tlsCert', ['tlsKey']],
  ['tlsKey', ['tlsCert']],
  ['tlsClientCa', ['tlsCert']],
  ['tlsClientAuth', ['tlsClientCa']],
  ['protoPath', ['proto']],
  ['filesPerSubject', ['requireIdentity']],
  ['journalUser', ['journalPasswordFile']],
  ['journalPasswordFile', ['journalUser']],
];

/** Options that must not be the same address. */
const ADDRESSES = ['listen', 'adminListen', 'coreListen'];

/** What no option alone can tell. Throws `SettingsError` that names both. */
export function assertTogether(settings: Settings): void {
  for (const [name, oneOf] of NEEDS) {
    if (!isSet(settings, name) || oneOf.some((other) => isSet(settings, other))) continue;
    const others = oneOf.map((other) => `--${flagOf(other)}`).join(' or ');
    throw faultOf(settings, name, ` needs ${others} as well`);
  }
  const { values } = settings;
  const taken = new Map<unknown, string>();
  for (const name of ADDRESSES) {
    const address = values[name];
    if (typeof address !== 'string' || /:0+$/.test(address)) continue;
    const other = taken.get(address);
    if (other !== undefined) {
      throw faultOf(
        settings,
        name,
        ` must not be the address of ${nameOf(settings, other)} as well: ${address}`,
      );
    }
    taken.set(address, name);
  }
}

function isSet({ values, origins }: Settings, name: string): boolean {
  if (origins[name]?.kind === 'default') return false;
  const value = values[name];
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
}
