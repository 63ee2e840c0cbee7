import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type { Gateway } from '../../gateway/index.js';
import { type Core, openCore } from '../../grpc-core/index.js';
import type { Running } from '../lifetime.js';
import { openLog } from '../log.js';
import type { CORE_COMMAND, GATEWAY_COMMAND, Settings, START_COMMAND } from '../options/index.js';
import { defined } from './defined.js';
import { reloadGateway, startGateway } from './gateway.js';
import { readTls } from './sources.js';

export { checkSettings } from './checks.js';
export { explainListenFailure } from './listen-failure.js';
export { printConfig } from './print-config.js';

// What grpc-js prints by itself says less than our own errors and is no JSON.
if (process.env.GRPC_VERBOSITY === undefined) setLogVerbosity(logVerbosity.NONE);

/** `sluice core` */
export async function runCore(settings: Settings<typeof CORE_COMMAND>): Promise<Running> {
  const { listen } = settings.values;
  const output = openLog(settings.values);
  const core = await startCore(settings, listen, output.log);
  return {
    output,
    close: () => core.close(),
    reload: async () => output.log.info('the core has nothing to reload'),
  };
}

/** `sluice gateway` */
export async function runGateway(settings: Settings<typeof GATEWAY_COMMAND>): Promise<Running> {
  const { upstream, upstreamAuthority } = settings.values;
  const output = openLog(settings.values);
  const upstreamTls = await readTls(settings);
  const service = { upstream, ...defined({ upstreamAuthority, upstreamTls }) };
  const gateway = await startGateway(settings, service, output.log);
  return {
    output,
    close: () => gateway.close(),
    reload: () => reloadGateway(settings, gateway, output.log),
  };
}

/** `sluice start`: both in one process; the gateway goes first when it stops, so that no stream loses its service. */
export async function runBoth(
  settings: Settings<typeof START_COMMAND>,
): Promise<Running & { readonly gateway: Gateway }> {
  const { coreListen } = settings.values;
  const output = openLog(settings.values);
  const core = await startCore(settings, coreListen, output.log);
  try {
    const gateway = await startGateway(settings, { upstream: core.address }, output.log);
    return {
      output,
      gateway,
      async close() {
        await gateway.close();
        await core.close();
      },
      reload: () => reloadGateway(settings, gateway, output.log),
    };
  } catch (reason) {
    await core.close();
    throw reason;
  }
}

async function startCore(
  { values }: Settings<Pick<typeof CORE_COMMAND, 'dataDir' | 'dataIntervalMs' | 'graceMs' | 'logCalls'>>,
  listen: string,
  log: Logger,
): Promise<Core> {
  const { dataDir, dataIntervalMs, graceMs, logCalls } = values;
  return await openCore({ listen, dataDir, dataIntervalMs, graceMs, log, logCalls: logCalls === 'on' });
}
