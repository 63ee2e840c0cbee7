import type { AddressInfo } from 'node:net';
import type { Registry } from '@bufbuild/protobuf';
import type { FastifyInstance } from 'fastify';
import { createDeferred } from '../async/index.js';
import { compiledCodec } from '../codec/index.js';
import { pagedBytes } from '../memory/index.js';
import { collectWhenIdle, createMetrics, LoopDelay } from '../ops/index.js';
import { parseListen } from '../options/index.js';
import { COMMON_METHODS } from '../schema/index.js';
import { Identity } from '../security/index.js';
import { AllHeldBytes, ExchangeLimits, Exchanges, SURFACES, UnfinishedMessages } from '../surfaces/index.js';
import { openTransport } from '../upstream/index.js';
import { createAdmin } from './admin.js';
import { createApp, registerRoutes } from './app.js';
import { ClientConnections } from './client-connections.js';
import { type ClientTls, TlsFront } from './client-tls.js';
import { type OpenIdentity, openIdentity } from './configured-identity.js';
import { drainGateway } from './drain-gateway.js';
import { Draining } from './draining.js';
import { tellProtocols } from './first-bytes.js';
import { type GatewayOptions, resolveGatewayOptions } from './gateway-settings.js';
import { Http2Connections } from './http2/index.js';
import { parseJournal } from './journal-place.js';
import { SchemaSource } from './loaded-schema.js';
import { openTraces } from './open-traces.js';
import { Readiness } from './readiness.js';
import { RecordedCalls } from './recorded-calls.js';
import { refreshSchema } from './schema-refresh.js';
import { OwnServices } from './services/index.js';
import { SharedTickets } from './shared-tickets.js';

/** A gateway that listens. */
export interface Gateway {
  /** Where browsers come in, with the base path and without a slash at the end, for example "http://127.0.0.1:8080" or "http://127.0.0.1:8080/api". */
  readonly url: string;
  readonly adminUrl: string;
  /** How many exchanges are open. */
  readonly openExchanges: number;
  /**
   * Replaces the configuration and the schema; what is open goes on with the old ones. Without a schema the service is asked again.
   * Rejects, and changes nothing, when it does not answer.
   */
  reload(sources: Pick<GatewayOptions, 'config' | 'schema'>): Promise<void>;
  /**
   * From now on new connections get these certificates; those that are open go on with theirs. Throws a TypeError, and changes nothing, when they cannot
   * be used, and for a gateway that was opened without TLS.
   */
  useTls(tls: ClientTls): void;
  /**
   * Drains and stops: accepts nothing new, ends open streams in the way of their surface, lets calls that end by themselves finish,
   * and cuts what is left after `graceMs`. Resolves when nothing is left. Calling it again gives the same promise.
   */
  close(): Promise<void>;
}

/**
 * Opens a gateway. Resolves when it listens; rejects with one clear line when an option is wrong or a port is taken, and
 * then nothing is left open.
 */
export async function openGateway(given: GatewayOptions): Promise<Gateway> {
  const options = resolveGatewayOptions(given);
  const spans = { sent: 0, dropped: 0 };
  const traces = await openTraces(options, spans);
  const transport = await openTransport(options.transport, {
    target: options.upstream,
    maxMessageBytes: options.limits.maxMessageBytes,
    maxConnections: options.upstreamConnections,
    streamsPerConnection: options.upstreamStreams,
    ...(options.upstreamTls === undefined ? {} : { tls: options.upstreamTls }),
    ...(options.upstreamAuthority === undefined ? {} : { authority: options.upstreamAuthority }),
  });
  const isShared = parseJournal(options.journal) !== undefined;
  const identity = new Identity(options, isShared ? new SharedTickets(async () => recorded.once) : undefined);
  const begun = createDeferred<void>();
  const identityLog = {
    log: options.log,
    listening: begun.promise,
    hasClientCa: options.tls?.clientCa !== undefined,
  };
  // The first line of the log is where we listen; what the schema has to say comes after it.
  const early: (() => void)[] = [];
  let listening = false;
  let opened: OpenIdentity | undefined;
  const warn = (fields: object, message: string) => {
    const write = () => options.log.warn(fields, message);
    if (listening) write();
    else early.push(write);
  };
  const metrics = createMetrics(
    {
      sluice_open_exchanges: { help: 'Exchanges that are open now.', now: () => exchanges.size },
      sluice_unfinished_bytes: {
        help: 'Bytes of request messages that are not whole yet, of all clients.',
        now: () => unfinished.bytes,
      },
      sluice_waiting_bytes: {
        help: 'Bytes, in whole pages, of what waits for clients and services, and of recorded messages.',
        now: pagedBytes,
      },
      sluice_recordings: { help: 'Recorded calls, running or ended.', now: () => recorded.size },
      sluice_readers: { help: 'Clients that follow a recorded call.', now: () => recorded.readers },
      sluice_journal_bytes: { help: 'Bytes that recorded calls hold in memory.', now: () => recorded.bytes },
      sluice_sessions: { help: 'Sessions that are open now.', now: () => exchanges.carriers },
      sluice_upstream_connections: {
        help: 'Connections to the service that stand now.',
        now: () => transport.connections,
      },
      sluice_ready: { help: '1 when the gateway should get requests.', now: () => Number(readiness.isReady) },
      sluice_draining: {
        help: '1 from the signal to the end of the process.',
        now: () => Number(exchanges.draining),
      },
    },
    spans,
  );
  const { limits } = options;
  const callsPerAddress = () => options.callsPerAddress ?? Math.max(1, Math.floor(transport.places / 4));
  const loopDelay = new LoopDelay(limits.eventLoopDelayMs);
  const isLate = () => loopDelay.isLate;
  const { countsLoopback } = options;
  const exchanges = new Exchanges(
    new ExchangeLimits({ ...limits, callsPerAddress, countsLoopback, isLate }, metrics.refused),
  );
  const unfinished = new UnfinishedMessages(limits.unfinishedBytes, metrics.refused);
  const { codeGeneration } = options;
  const codecOf = (registry: Registry) => compiledCodec(registry, { codeGeneration });
  const recorded = new RecordedCalls(options, { transport, meterOf: metrics.meterOf });
  const corsMethods: string[] = [...COMMON_METHODS];
  const source = new SchemaSource(
    warn,
    codecOf,
    options.config,
    (schema) => {
      corsMethods.length = 0;
      for (const method of schema.routes.httpMethods) corsMethods.push(method);
      metrics.showSchema(schema);
    },
    options.reflectionMetadata,
    { guard: options.schemaGuard, onBreaking: metrics.countBreaking },
  );
  const refreshing = new AbortController();
  // Fastify's own "Server listening" would come before our first line.
  const log = options.log.child({}, { level: 'warn' });
  const app = createApp(options, log, metrics.countRefusal);
  const readiness = new Readiness(exchanges, source, transport, options.log);
  const admin = createAdmin(options, log, readiness, () => source.warnings, metrics, exchanges);
  const ownServices = new OwnServices(
    {
      isReady: () => readiness.isReady,
      changed: readiness.changed,
      schema: () => source.get().schema,
      hasSchema: () => source.ready,
    },
    codecOf,
    options,
  );
  const connections = new ClientConnections({
    most: limits.connectionsPerAddress,
    trustedProxies: options.trustedProxies,
    onRefusal: metrics.refused,
    log: options.log,
  });
  const http2 = new Http2Connections(app.server, limits);
  const front = options.tls && new TlsFront(app.server, options.tls, limits.requestHeadMs, options.log);
  tellProtocols(
    app.server,
    limits.requestHeadMs,
    (socket) => {
      draining.letGo(socket);
      http2.take(socket);
    },
    front &&
      ((socket) => {
        draining.letGo(socket);
        front.take(socket);
      }),
  );
  connections.watch(app.server);
  const draining = new Draining(app, exchanges, http2, options.trustedProxies);
  const stopCollecting = collectWhenIdle(() => exchanges.size + connections.open);
  const stop = async () => {
    opened?.close();
    stopCollecting();
    loopDelay.close();
    refreshing.abort();
    readiness.close();
    source.close();
    await recorded.close();
    await transport.close();
    await Promise.all([app.close(), admin.close()]);
    await traces?.close();
  };
  try {
    const shared = {
      exchanges,
      unfinished,
      recorder: recorded.recorder,
      sharesRecordings: recorded.areShared,
      ...metrics,
    };
    await registerRoutes(
      app,
      options,
      source,
      {
        ...shared,
        tracing: traces?.tracing,
        transport,
        surfaces: SURFACES,
        heldInSessions: new AllHeldBytes(),
        connections,
        identity,
        recorded,
        ownServices,
        ownContext: { ...shared, transport: ownServices },
      },
      corsMethods,
    );
    opened = await openIdentity(options.config, identityLog);
    opened.use(identity);
    if (options.schema !== undefined) source.use(options.schema);
    else await source.learn(transport);
    await recorded.connect(() => source.get());
    const adminUrl = await listen(admin, options.adminListen);
    const url = `${await listen(app, options.listen, front === undefined ? 'http' : 'https')}${options.basePath?.path ?? ''}`;
    // Without lines of calls it stays at warnings, or at less.
    if (options.logCalls || !options.log.isLevelEnabled('warn')) log.level = options.log.level;
    options.log.info({ url, adminUrl, upstream: options.upstream }, 'gateway listening');
    listening = true;
    for (const write of early) write();
    begun.resolve();
    readiness.watch();
    if (options.schema === undefined && options.schemaRefreshMs > 0) {
      void refreshSchema(source, transport, options.schemaRefreshMs, options.log, refreshing.signal);
    }
    let closing: Promise<void> | undefined;
    return {
      url,
      adminUrl,
      get openExchanges() {
        return exchanges.size;
      },
      async reload({ config = {}, schema }) {
        const next = await openIdentity(config, identityLog);
        const methods = await source.reload(transport, config, schema).catch((reason: unknown) => {
          next.close();
          throw reason;
        });
        next.use(identity);
        opened?.close();
        opened = next;
        options.log.info({ methods }, 'gateway reloaded');
      },
      useTls(tls) {
        if (front === undefined) throw new TypeError('the gateway was opened without TLS');
        front.use(tls);
      },
      close() {
        closing ??= drainGateway(app, [http2, front], draining, exchanges, recorded, options).then(stop);
        return closing;
      },
    };
  } catch (reason) {
    await stop();
    throw reason;
  }
}

async function listen(app: FastifyInstance, address: string, scheme = 'http'): Promise<string> {
  const { host, port } = parseListen(address);
  await app.listen({ host, port });
  const bound = app.server.address() as AddressInfo;
  return `${scheme}://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`;
}
