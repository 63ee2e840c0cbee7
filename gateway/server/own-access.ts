import type { preHandlerHookHandler } from 'fastify';
import type { Identity } from '../security/index.js';
import { whenKnown } from './when-known.js';

/** Lets those through who may see what the gateway says of itself; everybody, where nothing is configured. */
export function assertingOwnAccess(identity: Identity): preHandlerHookHandler {
  return (request, reply, done) => {
    const found = identity.identify(identity.credentialOf(request.raw));
    whenKnown(found, reply, done, (principal) => identity.assertOwnAccess(principal));
  };
}
