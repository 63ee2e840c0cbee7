import type { FastifyInstance } from 'fastify';
import type { Identity } from '../security/index.js';
import { OWN_PROTOCOL } from '../surfaces/index.js';

/** For how long a service may keep the keys, in seconds. One that meets another `kid` asks again sooner. */
const KEPT_SECONDS = 60;

const PATH = '/_sluice/jwks.json';

/** Serves the keys that tokens of our own are checked with, to everybody: they are no secret. Source: RFC 7517 section 5. */
export function registerPublicKeys(app: FastifyInstance, identity: Identity): void {
  app.get(PATH, { exposeHeadRoute: true }, async (_request, reply) => {
    const keys = await identity.publicKeys();
    if (keys === undefined) throw OWN_PROTOCOL.unknownPath(PATH, []);
    return reply
      .headers({ 'cache-control': `public, max-age=${KEPT_SECONDS}`, 'x-content-type-options': 'nosniff' })
      .type('application/jwk-set+json')
      .send(Buffer.from(JSON.stringify({ keys: keys.map(({ jwk }) => jwk) })));
  });
}
