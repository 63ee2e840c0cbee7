import type { AddressInfo, Socket } from 'node:net';
import { pino } from 'pino';
import type { Test } from 'tap';
import { createDeferred } from '../../gateway/async/index.js';
import { compiledCodec } from '../../gateway/codec/index.js';
import { createMetrics } from '../../gateway/ops/index.js';
import { COMMON_METHODS, type Schema } from '../../gateway/schema/index.js';
import { Identity } from '../../gateway/security/index.js';
import { createApp, registerRoutes } from '../../gateway/server/app.js';
import { ClientConnections } from '../../gateway/server/client-connections.js';
import { tellProtocols } from '../../gateway/server/first-bytes.js';
import { type GatewayOptions, resolveGatewayOptions } from '../../gateway/server/gateway-settings.js';
import { Http2Connections } from '../../gateway/server/http2/index.js';
import { SchemaSource } from '../../gateway/server/loaded-schema.js';
import { OwnServices } from '../../gateway/server/services/index.js';
import { ENDED, type Metadata, type Status } from '../../gateway/status/index.js';
import { AllHeldBytes, Exchanges, SURFACES, UnfinishedMessages } from '../../gateway/surfaces/index.js';
import type { Batch, Call, CallStart, Transport } from '../../gateway/upstream/index.js';

/** All that a gateway does for its clients, over calls that the test plays. Closed in the test's teardown. */
export async function serveCalls(
  t: Test,
  schema: Schema,
  open: Transport['open'],
  given: Partial<GatewayOptions> = {},
  identity: Identity = new Identity(),
): Promise<{ readonly url: string; readonly wsUrl: string }> {
  const log = pino({ level: 'silent' });
  const options = resolveGatewayOptions({ upstream: '127.0.0.1:1', schema, log, ...given });
  const { limits } = options;
  const metrics = createMetrics({});
  const codecOf = (registry: Schema['registry']) => compiledCodec(registry, { codeGeneration: true });
  const source = new SchemaSource(
    () => {},
    codecOf,
    {},
    () => {},
    [],
    { guard: false, onBreaking: () => {} },
  );
  source.use(schema);
  const app = createApp(options, log, metrics.countRefusal);
  const http2 = new Http2Connections(app.server, limits);
  tellProtocols(app.server, limits.requestHeadMs, (socket) => http2.take(socket));
  const shared = {
    ...metrics,
    transport: { open },
    surfaces: SURFACES,
    exchanges: new Exchanges(),
    unfinished: new UnfinishedMessages(0),
    heldInSessions: new AllHeldBytes(),
  };
  const ownServices = new OwnServices(
    { isReady: () => true, changed: () => {}, schema: () => schema, hasSchema: () => true } as never,
    codecOf,
    options,
  );
  const connections = new ClientConnections({
    most: 0,
    trustedProxies: options.trustedProxies,
    onRefusal: metrics.refused,
    log,
  });
  await registerRoutes(
    app,
    options,
    source,
    { ...shared, connections, identity, ownServices, ownContext: shared },
    [...COMMON_METHODS],
  );
  // Node's own server waits half a minute for connections that have sent nothing, and does not count them as idle.
  const sockets = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  t.teardown(async () => {
    shared.exchanges.abortAll();
    http2.cut();
    for (const socket of app.websocketServer.clients) socket.terminate();
    for (const socket of sockets) socket.destroy();
    source.close();
    await app.close();
  });
  const { port } = app.server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, wsUrl: `ws://127.0.0.1:${port}` };
}

/** What a played call does. */
export interface PlayedCall {
  readonly start?: CallStart | undefined;
  readonly batches: readonly (() => Batch)[];
  readonly status?: Status;
  readonly metadata?: Metadata;
}

/** A call that brings these batches, one a read, and then ends. */
export function playCall({ start, batches, status = ENDED, metadata = [] }: PlayedCall): Call {
  const ended = createDeferred<Status>();
  let at = 0;
  return {
    ...('start' in { start } && start !== undefined && { start: Promise.resolve(start) }),
    headers: Promise.resolve(metadata),
    status: ended.promise,
    async read() {
      const next = batches[at++];
      if (next === undefined) ended.resolve(status);
      return next?.();
    },
    write: () => true,
    halfClose: () => {},
    cancel: () => ended.resolve(status),
  };
}
