import type { preHandlerHookHandler } from 'fastify';
import {
  authorityOf,
  credentialShown,
  decided,
  type KnownClient,
  type Principal,
  requestSource,
  shownCredential,
  type TrustedProxies,
} from '../security/index.js';
import type { ServerContext } from './client-connections.js';
import { splitTarget } from './request-target.js';
import { whenKnown } from './when-known.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks for something of the gateway's own; set where access to it is asserted. */
    knownAs: Principal | null;
  }
}

/** Lets those through who may see what the gateway says of itself; everybody, where nothing is configured. Nobody tries credentials faster here than for calls. */
export function assertingOwnAccess(
  { identity, exchanges }: Pick<ServerContext, 'identity' | 'exchanges'>,
  trustedProxies: TrustedProxies,
): preHandlerHookHandler {
  return (request, reply, done) => {
    const { raw } = request;
    const source = requestSource(raw, trustedProxies);
    const shown = shownCredential(() => identity.credentialOf(raw));
    const workload = identity.ofConnection(raw.socket, source);
    const glance = identity.glance(shown, workload);
    const refusal = exchanges.limits.refusalToShow(source, glance, raw.socket);
    if (refusal !== undefined) throw refusal;
    const decision = identity.decision(() => ({
      requestId: request.id,
      peer: source.address,
      path: splitTarget(raw.url)[0],
    }));
    const admit = ({ principal }: KnownClient) => {
      decision?.isOf(principal);
      exchanges.limits.noteGood(source, glance, raw.socket);
      request.knownAs = principal;
      const denied = identity.refusalOfOwnAccess(principal, decision);
      if (denied !== undefined) throw denied;
      const asking = () => {
        // Who waits for the answer of a service counts as an exchange meanwhile.
        exchanges.limits.assertRoom(source, principal);
        const authority = authorityOf(raw);
        return { http: raw, authority, requestId: request.id, source, principal, path: '' };
      };
      return identity.authorizeOwn(asking, decision);
    };
    const known = decided(decision, () => {
      decision?.shows(shown);
      const found = identity.recognize(credentialShown(shown), true, workload);
      return found instanceof Promise ? found.then(admit) : admit(found);
    });
    whenKnown(exchanges.limits.whileChecked(source, known), reply, done, () => {});
  };
}
