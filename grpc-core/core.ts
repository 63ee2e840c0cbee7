import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Server } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import {
  Checksums,
  FileRoot,
  fileHandlers,
  filesOfSubjects,
  OWN_FOLDER,
  openUploadFolder,
  sharedFiles,
  storeExampleFile,
} from './files/index.js';
import { addHealth, HEALTH_SERVICE } from './health/index.js';
import { dataHandlers, openDataLog } from './items/index.js';
import { listenOn, shutDown } from './listener.js';
import { logHandlers, openLogWriter } from './logs/index.js';
import { Market, stockHandlers } from './market/index.js';
import { type CoreOptions, type ResolvedCoreOptions, resolveCoreOptions } from './options/index.js';
import { addReflection } from './reflection/index.js';
import { roomHandlers } from './rooms/index.js';
import { type Calls, createCalls, createReadGate, streamingServiceDefinition } from './rpc/index.js';
import { openEmbeddedStore } from './store/index.js';

/** A core service that listens. */
export interface Core {
  /** The real `host:port`. */
  readonly address: string;
  /** Calls that run, those included whose handler is still tidying up. */
  readonly runningCalls: number;
  /**
   * Health says NOT_SERVING, no new connections, streams end with UNAVAILABLE, unary calls finish; what is left after the
   * grace is cut. Then the state is closed. Resolves when nothing is left; calling it again waits for the same end.
   */
  close(): Promise<void>;
}

const SERVICE_NAME = 'streaming.StreamingService';
/** 4 MiB of data and what a message around it takes. */
const MAX_REQUEST_BYTES = 4 * 1024 * 1024 + 65_536;

/**
 * Opens the core: state, services, reflection, health, and then the port. Rejects with one clear line when an option is
 * wrong, the data directory cannot be used or the port is taken; nothing is left open then. Whoever opens it closes it.
 */
export async function openCore(given: CoreOptions): Promise<Core> {
  const options = resolveCoreOptions(given);
  const closers: Array<() => Promise<void> | void> = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    return await open(options, closers, closeAll);
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function open(
  options: ResolvedCoreOptions,
  closers: Array<() => Promise<void> | void>,
  closeAll: () => Promise<void>,
): Promise<Core> {
  const { own, isNew } = await openOwnFolder(options.dataDir);
  const root = await FileRoot.at(options.dataDir);
  closers.push(() => root.close());
  // The store first: its lock says whether another core has this directory, and must not lose its uploads to us.
  const retain = {
    logs: options.logRetain,
    ...(options.dataRetain === undefined ? {} : { data: options.dataRetain }),
  };
  const store = await openEmbeddedStore({ directory: join(own, 'store'), retain });
  closers.push(() => store.close());
  const folder = await openUploadFolder(join(own, 'uploads'));
  closers.push(() => folder.close());

  const checksums = await Checksums.at(join(own, 'checksums'));
  closers.push(() => checksums.close());
  const uploads = { folder, checksums, maxBytes: options.maxUploadBytes };
  if (isNew) await storeExampleFile({ ...uploads, root });
  const roots = options.filesPerSubject ? await filesOfSubjects(join(own, 'subjects')) : sharedFiles(root);
  closers.push(() => roots.close());

  const logWriter = openLogWriter({ log: options.log, store: store.log('logs') });
  closers.push(() => logWriter.close());
  const log = logWriter.logger;
  const data = await openDataLog({
    store,
    intervalMs: options.dataIntervalMs,
    onError: (error) => log.error({ err: error }, 'data stream item not stored'),
  });
  closers.push(() => data.close());
  const market = new Market();
  const ticking = setInterval(() => market.tick(), options.marketTickMs);
  closers.push(() => clearInterval(ticking));
  const rooms = roomHandlers({ store, log });
  closers.push(() => rooms.close());

  const { server, calls } = openServer(options, log);
  const handlers = {
    ...stockHandlers(market),
    ...dataHandlers({ log: data.log }),
    ...logHandlers(store.log('logs')),
    ...fileHandlers({ ...uploads, roots }),
    ...rooms.handlers,
  };
  // Reflection and health are for tools of the cluster, which have no subject.
  const identity = options.requireIdentity ? options.identityMetadata : undefined;
  calls.add(streamingServiceDefinition(), handlers, { identity });
  addReflection(calls, [SERVICE_NAME, HEALTH_SERVICE]);
  const health = addHealth(calls, ['', SERVICE_NAME]);
  let isServing = false;
  closers.push(async () => {
    const begun = performance.now();
    if (isServing) log.info({ runningCalls: calls.running, graceMs: options.graceMs }, 'core draining');
    await health.stop();
    await shutDown(server, calls.shutdown('the core is shutting down'), options.graceMs);
    if (isServing) log.info({ durationMs: Math.round(performance.now() - begun) }, 'core drained');
  });

  const address = await listenOn(server, options.listen);
  isServing = true;
  log.info({ address }, 'core listening');
  let closing: Promise<void> | undefined;
  return {
    address,
    get runningCalls() {
      return calls.running;
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
}

async function openOwnFolder(dataDir: string): Promise<{ readonly own: string; readonly isNew: boolean }> {
  const own = join(dataDir, OWN_FOLDER);
  try {
    return { own, isNew: (await mkdir(own, { recursive: true })) !== undefined };
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? cause.code : cause;
    throw new Error(`cannot write to the data directory ${dataDir}: ${reason}`, { cause });
  }
}

function openServer(
  options: ResolvedCoreOptions,
  log: Logger,
): { readonly server: Server; readonly calls: Calls } {
  const gate = createReadGate(options.callBufferBytes);
  // Channelz stays on: without it grpc-js 1.14.7 does not know its connections, and `forceShutdown` cuts none.
  const server = new Server({
    interceptors: [gate.interceptor],
    'grpc.max_receive_message_length': MAX_REQUEST_BYTES,
    'grpc.keepalive_time_ms': options.keepaliveMs,
    'grpc.max_concurrent_streams': options.maxCallsPerConnection,
    ...(options.maxConnectionAgeMs === undefined
      ? {}
      : {
          'grpc.max_connection_age_ms': options.maxConnectionAgeMs,
          'grpc.max_connection_age_grace_ms': options.graceMs,
        }),
  });
  const calls = createCalls(server, {
    log,
    quiet: !options.logCalls,
    maxUnaryMs: options.maxUnaryMs,
    highWaterBytes: options.callBufferBytes,
    onTaken: gate.taken,
  });
  return { server, calls };
}
