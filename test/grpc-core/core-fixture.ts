import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import pino, { type Logger } from 'pino';
import type { Test } from 'tap';
import { type Core, type CoreOptions, openCore } from '../../grpc-core/index.js';
import type { StreamingServiceClient } from '../../proto/types/streaming/StreamingService.js';
import { clientDefinition } from './client-definition.js';

const STREAMING = clientDefinition('streaming.proto', 'streaming.StreamingService');

/** A log that keeps its lines. */
export function recordingLog(): { readonly log: Logger; readonly lines: Array<Record<string, unknown>> } {
  const lines: Array<Record<string, unknown>> = [];
  const log = pino({ level: 'debug' }, { write: (line) => lines.push(JSON.parse(line)) });
  return { log, lines };
}

/** A folder that goes with the test. */
export async function temporaryFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-core-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A client of the core that goes with the test; no retry buffer, so that its writes stop when the core does not read. */
export function clientOf(t: Test, address: string): StreamingServiceClient {
  const Constructor = makeGenericClientConstructor(STREAMING, 'StreamingService');
  const client = new Constructor(address, credentials.createInsecure(), {
    'grpc.enable_retries': 0,
    'grpc.per_rpc_retry_buffer_size': 0,
    'grpc.use_local_subchannel_pool': 1,
  });
  t.teardown(() => client.close());
  return client as unknown as StreamingServiceClient;
}

export interface RunningCore {
  readonly core: Core;
  readonly client: StreamingServiceClient;
  readonly dataDir: string;
  readonly lines: Array<Record<string, unknown>>;
}

/** A core on a free port with an empty data directory, and a client. */
export async function startCore(t: Test, options: Partial<CoreOptions> = {}): Promise<RunningCore> {
  const { log, lines } = recordingLog();
  const dataDir = options.dataDir ?? (await temporaryFolder(t));
  const core = await openCore({ listen: '127.0.0.1:0', log, graceMs: 2000, ...options, dataDir });
  t.teardown(() => core.close());
  return { core, client: clientOf(t, core.address), dataDir, lines };
}

/** Resolves when the condition holds; the test's own timeout is its end. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}
