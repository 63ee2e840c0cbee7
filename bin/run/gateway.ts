import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { type Gateway, type GatewayOptions, openGateway } from '../../gateway/index.js';
import { LIMIT_OPTIONS } from '../../gateway/options/index.js';
import { defined } from '../defined.js';
import type { Running } from '../lifetime.js';
import { openLog } from '../log.js';
import { readMetadataPairs } from '../metadata-pairs.js';
import { type GATEWAY_COMMAND, nameOf, readConfigFile, type Settings } from '../options/index.js';
import { readNamed } from '../schema-files.js';
import { ClientTlsFiles } from './client-tls.js';
import { type GatewaySettings, readSources, readTls } from './sources.js';
import { tracingOf } from './traces.js';
import { WatchedFiles } from './watched-files.js';

/** The gateway of a process. */
export async function openGatewayCommand(settings: Settings<typeof GATEWAY_COMMAND>): Promise<Running> {
  const { upstream, upstreamAuthority } = settings.values;
  const output = openLog(settings.values);
  const upstreamTls = await readTls(settings);
  const service = { upstream, ...defined({ upstreamAuthority, upstreamTls }) };
  const watched = new WatchedFiles(settings.values.schemaRefreshMs);
  const gateway = await startGateway(settings, service, output.log, watched);
  return {
    output,
    close: () => gateway.close(),
    reload: () => reloadGateway(settings, gateway, output.log, watched),
    watch: (onChange) => watched.watch(onChange),
  };
}

/** Opens a gateway as it is set. Rejects with one clear line. */
export async function startGateway(
  settings: GatewaySettings,
  upstream: Pick<GatewayOptions, 'upstream' | 'upstreamAuthority' | 'upstreamTls'>,
  log: Logger,
  watched: WatchedFiles,
): Promise<Gateway> {
  const { values } = settings;
  if (values.transport === 'grpc-js') (await import('./quiet-grpc-js.js')).quietGrpcJs();
  const metadataSource = nameOf(settings, 'reflectionMetadata');
  const tlsFiles = new ClientTlsFiles(settings);
  const tls = await tlsFiles.read();
  const gateway = await openGateway({
    ...upstream,
    ...defined({ tls, tracing: tracingOf(values, process.env) }),
    ...(await readSources(settings, settings.file?.config, watched)),
    schemaRefreshMs: values.schemaRefreshMs,
    schemaGuard: values.schemaGuard,
    reflectionMetadata: await readMetadataPairs(metadataSource, values.reflectionMetadata, readNamed),
    transport: values.transport,
    codeGeneration: !values.noCodeGeneration,
    patchMask: values.patchMask === 'on',
    compress: values.compress,
    listen: values.listen,
    adminListen: values.adminListen,
    publicHealth: values.publicHealth,
    reflection: !values.noReflection,
    ...defined({ basePath: values.basePath, pageDir: values.noPage ? undefined : findPage() }),
    allowOrigins: values.allowOrigin,
    allowHosts: values.allowHost,
    forwardHeaders: values.forwardHeader,
    trustedProxies: values.trustedProxies,
    journal: values.journal,
    journalReplicas: values.journalReplicas,
    journalAccess: {
      user: values.journalUser,
      passwordFile: values.journalPasswordFile,
      credentials: values.journalCredentials,
      ca: values.journalCa,
    },
    ingressOwnsAuthorization: values.ingressOwnsAuthorization,
    upstreamConnections: values.upstreamConnections,
    upstreamStreams: values.upstreamStreams,
    graceMs: values.graceMs,
    limits: limitsOf(settings),
    log,
    logCalls: values.logCalls === 'on',
  });
  tlsFiles.watch(gateway, log);
  return gateway;
}

/** Reads again what may have changed, and gives it to the gateway; what it cannot take while it runs is a warning in the log. */
export async function reloadGateway(
  settings: GatewaySettings,
  gateway: Gateway,
  log: Logger,
  watched: WatchedFiles,
): Promise<void> {
  await new ClientTlsFiles(settings).reload(gateway, log);
  const { file } = settings;
  const read = file && (await readConfigFile(nameOf(settings, 'config'), file.path));
  await gateway.reload(await readSources(settings, read?.config, watched));
  const before = JSON.stringify(file?.options);
  if (read !== undefined && JSON.stringify(read.options) !== before) {
    log.warn(
      { file: read.path },
      'options in the configuration file have changed: they count after a restart',
    );
  }
}

/** The limits that are set. Those that are not have the gateway's own defaults, of which one is more than a number. */
function limitsOf({ values, origins }: GatewaySettings): NonNullable<GatewayOptions['limits']> {
  const names = Object.keys(LIMIT_OPTIONS) as (keyof typeof LIMIT_OPTIONS)[];
  const set = names.filter((name) => origins[name].kind !== 'default');
  return Object.fromEntries(set.map((name) => [name, values[name]]));
}

/** The built page: beside us in dist/, or in dist/ when we run from source. */
function findPage(): string | undefined {
  return ['../../clients', '../../dist/clients']
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((folder) => existsSync(`${folder}/playground/page.js`));
}
