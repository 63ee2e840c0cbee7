import type { Logger } from 'pino';
import { type Core, openCore } from '../../grpc-core/index.js';
import type { Running } from '../lifetime.js';
import { openLog } from '../log.js';
import type { CORE_COMMAND, Settings } from '../options/index.js';
import { quietGrpcJs } from './quiet-grpc-js.js';

type CoreSettings = Settings<
  Pick<
    typeof CORE_COMMAND,
    | 'dataDir'
    | 'dataIntervalMs'
    | 'requireIdentity'
    | 'identityMetadata'
    | 'filesPerSubject'
    | 'graceMs'
    | 'logCalls'
  >
>;

/** The core of a process. */
export async function openCoreCommand(settings: Settings<typeof CORE_COMMAND>): Promise<Running> {
  const { listen } = settings.values;
  const output = openLog(settings.values);
  const core = await startCore(settings, listen, output.log);
  return {
    output,
    close: () => core.close(),
    reload: async () => output.log.info('the core has nothing to reload'),
  };
}

/** Opens a core as it is set. Rejects with one clear line. */
export async function startCore({ values }: CoreSettings, listen: string, log: Logger): Promise<Core> {
  quietGrpcJs();
  const { dataDir, dataIntervalMs, requireIdentity, identityMetadata, filesPerSubject, graceMs } = values;
  return await openCore({
    listen,
    dataDir,
    dataIntervalMs,
    requireIdentity,
    identityMetadata,
    filesPerSubject,
    graceMs,
    log,
    logCalls: values.logCalls === 'on',
  });
}
