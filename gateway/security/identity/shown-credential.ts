import { RpcError } from '../../status/index.js';
import type { Credential } from './credential.js';

/** What a client shows, whatever it is worth: a credential, what refuses it as none, or nothing. */
export type ShownCredential = Credential | RpcError | undefined;

/** Looks for a credential before it is time to refuse one: limits must know whether the client shows any. */
export function shownCredential(look: () => Credential | undefined): ShownCredential {
  try {
    return look();
  } catch (reason) {
    return RpcError.from(reason);
  }
}

/** Throws what refuses it, now that it is time. */
export function credentialShown(shown: ShownCredential): Credential | undefined {
  if (shown instanceof RpcError) throw shown;
  return shown;
}
