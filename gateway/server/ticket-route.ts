import type { FastifyInstance } from 'fastify';
import {
  ANONYMOUS,
  credentialShown,
  decided,
  requestSource,
  shownCredential,
  type TrustedProxies,
} from '../security/index.js';
import { discardBody } from '../surfaces/index.js';
import type { ServerContext } from './client-connections.js';

/** Where a credential is exchanged for a ticket. */
const TICKET_PATH = '/_sluice/ticket';

/** Gives tickets to who shows a credential: PROTOCOL.md, section 23. They count as calls, for each may cost the check of a token. */
export function registerTickets(
  app: FastifyInstance,
  { trustedProxies }: { readonly trustedProxies: TrustedProxies },
  { identity, exchanges }: Pick<ServerContext, 'identity' | 'exchanges'>,
): void {
  app.post(TICKET_PATH, async ({ raw, id }, reply) => {
    // Also of a refusal.
    reply.header('cache-control', 'no-store');
    discardBody(raw);
    const { limits } = exchanges;
    const source = requestSource(raw, trustedProxies);
    const shown = shownCredential(() => identity.credentialOf(raw));
    const glance = identity.glance(shown, ANONYMOUS);
    limits.beginShown(source, glance, raw.socket);
    const decision = identity.decision(() => ({
      requestId: id,
      peer: source.address,
      path: TICKET_PATH,
    }));
    decision?.shows(shown);
    return await limits.whileChecked(
      source,
      decided(decision, () =>
        identity.issueTicket(credentialShown(shown), raw, (principal) => {
          decision?.isOf(principal);
          limits.beginChecked(source, glance, raw.socket, principal);
        }),
      ),
    );
  });
}
