import { RpcError } from '../../status/index.js';
import type { Credential } from './credential.js';

/** What a client shows, whatever it is worth: a credential, what refuses it as none, or nothing. */
export type ShownCredential<Shown extends Credential = Credential> = Shown | RpcError | undefined;

/** Looks for a credential before it is time to refuse one: limits must know whether the client shows any. */
export function shownCredential<Shown extends Credential>(
  look: () => Shown | undefined,
): ShownCredential<Shown> {
  try {
    return look();
  } catch (reason) {
    return RpcError.from(reason);
  }
}

/** Throws what refuses it, now that it is time. */
export function credentialShown<Shown extends Credential>(shown: ShownCredential<Shown>): Shown | undefined {
  if (shown instanceof RpcError) throw shown;
  return shown;
}
