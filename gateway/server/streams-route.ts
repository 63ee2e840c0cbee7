import type { FastifyInstance, FastifyReply, FastifyRequest, preHandlerHookHandler } from 'fastify';
import { Alarm, CancelSource } from '../async/index.js';
import { ANONYMOUS, requestSource, type TrustedProxies } from '../security/index.js';
import { RpcError } from '../status/index.js';
import { cutRequest, type Exchanges, HttpPeer, type Limits, sendSnapshots } from '../surfaces/index.js';
import { namesMediaType } from '../wire/index.js';
import { ALL, openStreams, ownOf } from './open-streams.js';
import { splitTarget } from './request-target.js';
import { streamsQueryOf } from './streams-query.js';

export const STREAMS_PATH = '/_sluice/streams';

/** Clients of the admin port that get events, at once: each costs a look at every exchange. */
const MAX_WATCHERS = 16;

export interface StreamsRouteOptions {
  readonly trustedProxies: TrustedProxies;
  readonly limits: Limits;
}

/** Tells clients how their own exchanges stand, on the port where they are: PROTOCOL.md, section 24. Those that get events count as exchanges themselves. */
export function registerOwnStreams(
  app: FastifyInstance,
  { trustedProxies, limits }: StreamsRouteOptions,
  exchanges: Exchanges,
  preHandler: preHandlerHookHandler,
): void {
  app.get(STREAMS_PATH, { exposeHeadRoute: true, preHandler }, async (request, reply) => {
    const query = streamsQueryOf(splitTarget(request.raw.url)[1]);
    const source = requestSource(request.raw, trustedProxies);
    const principal = request.knownAs ?? ANONYMOUS;
    const maySee = ownOf(principal, source, query);
    const now = () => JSON.stringify(openStreams(exchanges, query, maySee));
    if (!namesMediaType(request.headers.accept, 'text/event-stream')) return sendWhole(reply, now());
    const peer = new HttpPeer(reply.raw, request.raw, limits.heartbeatMs);
    const exchange = exchanges.open('moves', source, peer, principal);
    peer.onLeft(() => exchange.close());
    peer.watch();
    const expiry = new Alarm({ onAlarm: () => exchange.abort('left') });
    if (principal.expiresAt !== undefined) expiry.set(principal.expiresAt - Date.now());
    reply.hijack();
    const { signal } = exchange;
    try {
      await sendSnapshots(reply, {
        intervalMs: query.intervalMs,
        limits,
        signal,
        now,
        cut: () => peer.cut(),
      });
    } finally {
      expiry.clear();
    }
    return reply;
  });
}

/** Tells an operator how all exchanges stand, on the admin port. */
export function registerAllStreams(
  admin: FastifyInstance,
  { limits }: Pick<StreamsRouteOptions, 'limits'>,
  exchanges: Exchanges,
): void {
  const closing = new CancelSource();
  let watchers = 0;
  admin.addHook('preClose', async () => closing.abort('draining'));
  admin.get(STREAMS_PATH, { exposeHeadRoute: true }, async (request: FastifyRequest, reply: FastifyReply) => {
    const query = streamsQueryOf(splitTarget(request.raw.url)[1]);
    const now = () => JSON.stringify(openStreams(exchanges, query, ALL));
    if (!namesMediaType(request.headers.accept, 'text/event-stream')) return sendWhole(reply, now());
    if (watchers >= MAX_WATCHERS)
      throw new RpcError('GATEWAY_LIMIT', `${MAX_WATCHERS} clients get events here already`);
    watchers += 1;
    reply.hijack();
    const cut = () => cutRequest(request.raw);
    try {
      await sendSnapshots(reply, { intervalMs: query.intervalMs, limits, signal: closing, now, cut });
    } finally {
      watchers -= 1;
    }
    return reply;
  });
}

function sendWhole(reply: FastifyReply, text: string): FastifyReply {
  return reply.header('cache-control', 'no-store').type('application/json; charset=utf-8').send(text);
}
