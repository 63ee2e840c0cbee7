import { faultOfKeyUrl, type IssuerSettings } from '../identity/index.js';
import { FileKeys } from './file-keys.js';
import type { KeyEvents, KeySource } from './key-source.js';
import { type LoadKeys, RemoteKeys } from './remote-keys.js';

/** Opens the keys of an issuer: a file is read at once, everything else is asked for and not waited for. Rejects with an Error that says why not. */
export async function openKeys(
  { issuer, keys }: IssuerSettings,
  events: KeyEvents,
  now: () => number,
): Promise<KeySource> {
  if (keys.file !== undefined) return await FileKeys.open(keys.file, events, now);
  const { jwksUrl } = keys;
  const load: LoadKeys = jwksUrl === undefined ? discovering(issuer) : (get) => get(jwksUrl);
  const remote = new RemoteKeys(load, events, now);
  remote.touch();
  return remote;
}

/** Asks the issuer where its keys are. Source: OpenID Connect Discovery 1.0 sections 4.1 and 4.3. */
function discovering(issuer: string): LoadKeys {
  return async (get) => {
    const text = await get(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    let said: { readonly issuer?: unknown; readonly jwks_uri?: unknown } | null;
    try {
      said = JSON.parse(text);
    } catch {
      throw new Error('its description is not JSON');
    }
    if (said?.issuer !== issuer) throw new Error('its description is of another issuer');
    const url = said.jwks_uri;
    // One that is asked by https does not send us elsewhere in plain text, also not to this machine.
    const fault = typeof url === 'string' ? faultOfKeyUrl(url, issuer.startsWith('http:')) : 'is missing';
    if (fault !== undefined) throw new Error(`its description: jwks_uri ${fault}`);
    return await get(url as string);
  };
}
