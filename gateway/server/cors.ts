import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';
import type { AllowedOrigins } from '../security/index.js';
import type { HttpReply } from '../surfaces/index.js';

/** What a page of another origin may read of an answer. */
const EXPOSED = [
  'grpc-status',
  'grpc-message',
  'grpc-status-details-bin',
  'sluice-reason',
  'sluice-last-event-id',
  'sluice-first-event-id',
  'sluice-call-state',
  'location',
  'content-location',
  'preference-applied',
  'retry-after',
  'www-authenticate',
  'x-request-id',
  'content-disposition',
  'allow',
].join(', ');

/** Registers what tells pages of other origins what they may; `methods` is read for each preflight. */
export async function registerCors(
  app: FastifyInstance,
  allowOrigins: AllowedOrigins,
  methods: string[],
): Promise<void> {
  await app.register(cors, {
    origin: allowOrigins.isAny
      ? '*'
      : (origin, callback) => callback(null, origin !== undefined && allowOrigins.has(origin)),
    // Read for each preflight: a schema may bring more of them.
    methods,
    exposedHeaders: EXPOSED,
    maxAge: 600,
    // OPTIONS is answered in one place for all.
    preflightContinue: true,
    strictPreflight: false,
  });
}

/** The same headers as of that plugin, of an answer to what is no preflight. */
export function addCorsHeaders(
  reply: HttpReply,
  allowOrigins: AllowedOrigins,
  origin: string | undefined,
): void {
  if (allowOrigins.isEmpty) return;
  if (!allowOrigins.isAny) reply.header('vary', 'Origin');
  const allowed = allowOrigins.isAny ? '*' : origin;
  if (allowed === undefined || (origin !== undefined && !allowOrigins.has(origin))) return;
  reply.header('access-control-allow-origin', allowed).header('access-control-expose-headers', EXPOSED);
}
