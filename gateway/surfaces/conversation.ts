import type { FastifyBaseLogger } from 'fastify';
import { bridge, type Incoming, type Outgoing } from '../bridge/index.js';
import { Code, codeName, type Metadata } from '../status/index.js';
import type { Transport } from '../upstream/index.js';
import type { Exchanges } from './exchanges.js';
import type { Target } from './target.js';

/** What every surface works with. */
export interface Surroundings {
  readonly transport: Transport;
  readonly exchanges: Exchanges;
}

/** One exchange, ready to begin. */
export interface Conversation {
  readonly target: Target;
  readonly surface: string;
  readonly requestId: string;
  readonly incoming: Incoming;
  readonly outgoing: Outgoing;
  readonly metadata: Metadata;
  readonly deadline: number | undefined;
  readonly exchange: ReturnType<Exchanges['open']>;
  readonly log: FastifyBaseLogger;
}

/** Runs a conversation to its end and writes its one line of log. Never rejects. Whoever opened the exchange closes it. */
export async function converse(conversation: Conversation, { transport }: Surroundings): Promise<void> {
  const { target, surface, incoming, outgoing, metadata, deadline, exchange, log } = conversation;
  const { method } = target;
  const begun = performance.now();
  // A unary or server-stream request is whole when it is sent.
  const single = !method.requestStream;
  const report = await bridge({ incoming, outgoing, signal: exchange.signal }, (signal) =>
    transport.open(method.path, {
      metadata,
      signal,
      single,
      ...(deadline === undefined ? {} : { deadline }),
    }),
  );
  const line = {
    requestId: conversation.requestId,
    method: method.path.slice(1),
    surface,
    code: report.aborted === 'left' ? 'CANCELLED' : codeName(report.status.code),
    durationMs: Math.round(performance.now() - begun),
    received: report.received,
    sent: report.sent,
    aborted: report.aborted,
    // What clients are not told is told here.
    problem: report.status.publicMessage === undefined ? undefined : report.status.message,
  };
  // The cause of a defect is logged here and nowhere else; bad input is the client's business, not the operator's.
  if (report.failure?.code === Code.INTERNAL) log.error({ ...line, err: report.failure }, 'call failed');
  else log.info(line, 'call');
}
