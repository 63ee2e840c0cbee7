import type { Gateway } from '../../gateway/index.js';
import type { Running } from '../lifetime.js';
import { openLog } from '../log.js';
import type { Settings, START_COMMAND } from '../options/index.js';
import { startCore } from './core.js';
import { reloadGateway, startGateway } from './gateway.js';
import { WatchedFiles } from './watched-files.js';

/** The core and the gateway in one process; the gateway goes first when it stops, so that no stream loses its service. */
export async function openBoth(
  settings: Settings<typeof START_COMMAND>,
): Promise<Running & { readonly gateway: Gateway }> {
  const { coreListen } = settings.values;
  const output = openLog(settings.values);
  const core = await startCore(settings, coreListen, output.log);
  try {
    const watched = new WatchedFiles(settings.values.schemaRefreshMs);
    const gateway = await startGateway(settings, { upstream: core.address }, output.log, watched);
    return {
      output,
      gateway,
      async close() {
        await gateway.close();
        await core.close();
      },
      reload: () => reloadGateway(settings, gateway, output.log, watched),
      watch: (onChange) => watched.watch(onChange),
    };
  } catch (reason) {
    await core.close();
    throw reason;
  }
}
