import type { preHandlerHookHandler } from 'fastify';
import {
  authorityOf,
  credentialShown,
  decided,
  type Identity,
  type KnownClient,
  type Principal,
  requestSource,
  shownCredential,
  type TrustedProxies,
} from '../security/index.js';
import { splitTarget } from './request-target.js';
import { whenKnown } from './when-known.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks for something of the gateway's own; set where access to it is asserted. */
    knownAs: Principal | null;
  }
}

/** Lets those through who may see what the gateway says of itself; everybody, where nothing is configured. */
export function assertingOwnAccess(
  identity: Identity,
  trustedProxies: TrustedProxies,
): preHandlerHookHandler {
  return (request, reply, done) => {
    const source = requestSource(request.raw, trustedProxies);
    const decision = identity.decision(() => ({
      requestId: request.id,
      peer: source.address,
      path: splitTarget(request.raw.url)[0],
    }));
    const admit = ({ principal }: KnownClient) => {
      decision?.isOf(principal);
      request.knownAs = principal;
      identity.assertOwnAccess(principal, decision);
      const asking = () => {
        const authority = authorityOf(request.raw);
        return { http: request.raw, authority, requestId: request.id, source, principal, path: '' };
      };
      return identity.authorizeOwn(asking, decision);
    };
    const known = decided(decision, () => {
      const shown = shownCredential(() => identity.credentialOf(request.raw));
      decision?.shows(shown);
      const workload = identity.ofConnection(request.raw.socket, source);
      const found = identity.recognize(credentialShown(shown), true, workload);
      return found instanceof Promise ? found.then(admit) : admit(found);
    });
    whenKnown(known, reply, done, () => {});
  };
}
