import type { preHandlerHookHandler } from 'fastify';
import {
  authorityOf,
  type Identity,
  type KnownClient,
  requestSource,
  type TrustedProxies,
} from '../security/index.js';
import { whenKnown } from './when-known.js';

/** Lets those through who may see what the gateway says of itself; everybody, where nothing is configured. */
export function assertingOwnAccess(
  identity: Identity,
  trustedProxies: TrustedProxies,
): preHandlerHookHandler {
  return (request, reply, done) => {
    const source = requestSource(request.raw, trustedProxies);
    const admit = ({ principal }: KnownClient) => {
      identity.assertOwnAccess(principal);
      return identity.authorizeOwn(() => {
        const authority = authorityOf(request.raw);
        return { http: request.raw, authority, requestId: request.id, source, principal, path: '' };
      });
    };
    const workload = identity.ofConnection(request.raw.socket, source);
    const found = identity.recognize(identity.credentialOf(request.raw), true, workload);
    whenKnown(found instanceof Promise ? found.then(admit) : admit(found), reply, done, () => {});
  };
}
