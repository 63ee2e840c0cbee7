import type { IncomingMessage } from 'node:http';
import type { FastifyBaseLogger } from 'fastify';
import { compiledCodec } from '../../../../gateway/codec/index.js';
import { ANONYMOUS, Identity } from '../../../../gateway/security/index.js';
import { type Metadata, RpcError } from '../../../../gateway/status/index.js';
import {
  AllHeldBytes,
  DEFAULT_LIMITS,
  Exchanges,
  HeaderRules,
  type Limits,
  SURFACES,
  UnfinishedMessages,
} from '../../../../gateway/surfaces/index.js';
import { Session } from '../../../../gateway/surfaces/session/session.js';
import type { SessionContext } from '../../../../gateway/surfaces/session/session-context.js';
import { formatOf } from '../../../../gateway/surfaces/session/session-format.js';
import { foreignSchema } from '../../../support/foreign.js';
import { FakeSocket, FakeTransport } from './fakes.js';

/** The grace of a gateway that drains; more than a busy machine needs for what has to happen before streams end. */
export const DRAIN_MS = 3_000;

const nothing = () => {};
const request = { headers: {} } as IncomingMessage;
const schema = await foreignSchema();
const codec = compiledCodec(schema.registry, { codeGeneration: true });

/** A session on a socket and a transport that are both played by the test. */
export interface FakeSession {
  readonly session: Session;
  readonly socket: FakeSocket;
  readonly transport: FakeTransport;
  readonly exchanges: Exchanges;
}

export function openFakeSession(
  protocol: string,
  given: Partial<Limits> = {},
  metadata: Metadata = [],
  onError: (fields: unknown) => void = nothing,
  known: Partial<Pick<SessionContext, 'identity' | 'principal' | 'pace'>> = {},
): FakeSession {
  const log = { info: nothing, warn: nothing, error: onError } as unknown as FastifyBaseLogger;
  const limits = { ...DEFAULT_LIMITS, ...given };
  const socket = new FakeSocket();
  const transport = new FakeTransport();
  const exchanges = new Exchanges();
  const options: SessionContext = {
    limits,
    metadata,
    identity: new Identity(),
    principal: ANONYMOUS,
    credential: undefined,
    headerRules: new HeaderRules(),
    requestId: 'r',
    http: request,
    methodRequestOf(name) {
      const method = schema.methods.get(`/${name}`);
      if (method === undefined) throw new RpcError('METHOD_NOT_FOUND', 'no such method');
      return {
        method,
        binding: undefined,
        pathValues: [],
        http: request,
        query: new URLSearchParams(),
        requestCodec: codec.forMessage(method.input),
        bodyCodec: codec.forMessage(method.input),
        responseCodec: codec.forMessage(method.output),
        registry: schema.registry,
        limits,
        patchMask: true,
        compress: 'whole',
      };
    },
    requestAt() {
      throw new RpcError('CALL_NOT_FOUND', 'no such call');
    },
    bring: () => undefined,
    beginAt: () => undefined,
    stopAt() {},
    log,
    source: { address: '', group: '', isProxied: false, proto: undefined, host: undefined },
    heldInSessions: new AllHeldBytes(),
    surfaces: SURFACES,
    transport,
    exchanges,
    unfinished: new UnfinishedMessages(0),
    meterOf: () => ({ dropped: nothing, healed: nothing, evicted: nothing, gap: nothing, finished: nothing }),
    trafficOf: () => ({ up: 0, down: 0 }),
    countRefusal: () => 0,
    ...known,
  };
  return { session: new Session(socket, formatOf(protocol), options), socket, transport, exchanges };
}

/** Lets everything happen that needs no further event. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
