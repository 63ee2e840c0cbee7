import type { FastifyInstance } from 'fastify';
import { credentialShown, requestSource, shownCredential, type TrustedProxies } from '../security/index.js';
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
  app.post(TICKET_PATH, async ({ raw }, reply) => {
    // Also of a refusal.
    reply.header('cache-control', 'no-store');
    discardBody(raw);
    const { limits } = exchanges;
    const source = requestSource(raw, trustedProxies);
    const shown = shownCredential(() => identity.credentialOf(raw));
    if (shown === undefined) limits.begin(source);
    else limits.beginUnchecked(source);
    return await identity.issueTicket(credentialShown(shown), raw, (principal) =>
      limits.beginChecked(source, principal),
    );
  });
}
