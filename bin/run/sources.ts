import type { GatewayOptions, UpstreamTls } from '../../gateway/index.js';
import { defined } from '../defined.js';
import { type GATEWAY_COMMAND, nameOf, type Settings, type START_COMMAND } from '../options/index.js';
import { readNamed, readSchema } from '../schema-files.js';
import type { WatchedFiles } from './watched-files.js';

/** The options that `sluice gateway` and `sluice start` have in common. */
export type GatewaySettings = Settings<
  Pick<typeof GATEWAY_COMMAND, keyof typeof GATEWAY_COMMAND & keyof typeof START_COMMAND>
>;

/** What the gateway is told by files, and may be told again by changed ones: those of the schema are given to `watched`. */
export async function readSources(
  settings: GatewaySettings,
  config: GatewayOptions['config'],
  watched: WatchedFiles,
): Promise<Pick<GatewayOptions, 'config' | 'schema'>> {
  const { descriptorSet, proto } = settings.values;
  // As they are before they are read, so that what changes meanwhile is read again; with those of before, one of which may be what is broken.
  await watched.look([...watched.files, ...(descriptorSet === undefined ? proto : [descriptorSet])]);
  const schema = await readSchema(settings);
  if (schema !== undefined) await watched.look(descriptorSet === undefined ? schema.files : [descriptorSet]);
  return defined({ config, schema });
}

type TlsOption = 'upstreamTls' | 'upstreamCa' | 'upstreamCert' | 'upstreamKey' | 'upstreamServerName';
type TlsSettings = Settings<Pick<typeof GATEWAY_COMMAND, TlsOption>>;

/** The files of TLS towards the service; nothing where no option asks for TLS. */
export async function readTls(settings: TlsSettings): Promise<UpstreamTls | undefined> {
  const { upstreamTls, upstreamCa, upstreamCert, upstreamServerName: serverName } = settings.values;
  if (!upstreamTls && upstreamCa === undefined && upstreamCert === undefined) return undefined;
  const read = async (name: 'upstreamCa' | 'upstreamCert' | 'upstreamKey') => {
    const file = settings.values[name];
    return file === undefined ? undefined : await readNamed(nameOf(settings, name), file);
  };
  const [ca, cert, key] = await Promise.all([read('upstreamCa'), read('upstreamCert'), read('upstreamKey')]);
  return defined({ ca, cert, key, serverName });
}
