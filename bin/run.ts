import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import {
  AllowedOrigins,
  assertAuthority,
  assertUpstreamAddress,
  ConfigError,
  type Gateway,
  type GatewayConfig,
  type GatewayOptions,
  HeaderRules,
  openGateway,
  parseBasePath,
  parseConfig,
  parseListen,
  type Schema,
  ServedHosts,
  schemaFromDescriptorSet,
  schemaFromProtoFiles,
  TrustedProxies,
  type UpstreamTls,
} from '../gateway/index.js';
import { type Core, openCore } from '../grpc-core/index.js';
import type { CORE_FLAGS, GATEWAY_FLAGS, START_FLAGS } from './commands.js';
import { SettingsError, UsageError, type Values } from './flags.js';
import type { Running } from './lifetime.js';
import { openLog } from './log.js';
import { readReflectionMetadata } from './reflection-metadata.js';

// What grpc-js prints by itself says less than our own errors and is no JSON.
if (process.env.GRPC_VERBOSITY === undefined) setLogVerbosity(logVerbosity.NONE);

/** `sluice core` */
export async function runCore(flags: Values<typeof CORE_FLAGS>): Promise<Running> {
  const output = openLog(flags['log-level']);
  const core = await startCore(flags, checked('--listen', flags.listen, parseListen), output.log);
  return {
    output,
    close: () => core.close(),
    reload: async () => output.log.info('the core has nothing to reload'),
  };
}

/** `sluice gateway` */
export async function runGateway(flags: Values<typeof GATEWAY_FLAGS>): Promise<Running> {
  const output = openLog(flags['log-level']);
  const tls = await readTls(flags);
  const upstream = readUpstream(flags);
  const gateway = await startGateway(flags, { ...upstream, ...(tls && { upstreamTls: tls }) }, output.log);
  return {
    output,
    close: () => gateway.close(),
    reload: async () => gateway.reload(await readSources(flags)),
  };
}

/** `sluice start`: both in one process; the gateway goes first when it stops, so that no stream loses its service. */
export async function runBoth(
  flags: Values<typeof START_FLAGS>,
): Promise<Running & { readonly gateway: Gateway }> {
  const output = openLog(flags['log-level']);
  const core = await startCore(
    flags,
    checked('--core-listen', flags['core-listen'], parseListen),
    output.log,
  );
  try {
    const gateway = await startGateway(flags, { upstream: core.address }, output.log);
    return {
      output,
      gateway,
      async close() {
        await gateway.close();
        await core.close();
      },
      reload: async () => gateway.reload(await readSources(flags)),
    };
  } catch (reason) {
    await core.close();
    throw reason;
  }
}

async function startCore(
  flags: Pick<Values<typeof CORE_FLAGS>, 'data-dir' | 'data-interval-ms' | 'grace-ms'>,
  listen: string | undefined,
  log: Logger,
): Promise<Core> {
  return await openCore({
    listen: listen ?? '',
    dataDir: flags['data-dir'] ?? '',
    log,
    ...defined({ dataIntervalMs: flags['data-interval-ms'], graceMs: flags['grace-ms'] }),
  });
}

function readPatchMask(value: string | undefined): boolean {
  if (value === 'on' || value === 'true') return true;
  if (value === 'off' || value === 'false') return false;
  throw new UsageError(`--patch-mask must be on or off, not ${JSON.stringify(value)}`);
}

type CommonFlags = Omit<Values<typeof START_FLAGS>, 'core-listen' | 'data-dir' | 'data-interval-ms'>;

async function startGateway(
  flags: CommonFlags,
  upstream: Pick<GatewayOptions, 'upstream' | 'upstreamAuthority' | 'upstreamTls'>,
  log: Logger,
): Promise<Gateway> {
  const sources = await readSources(flags);
  const { transport } = flags;
  if (transport !== 'http2' && transport !== 'grpc-js') {
    throw new UsageError(`--transport must be http2 or grpc-js, not ${JSON.stringify(transport)}`);
  }
  const pageDir = flags['no-page'] ? undefined : findPage();
  return await openGateway({
    ...upstream,
    transport,
    codeGeneration: !flags['no-code-generation'],
    reflectionMetadata: await readReflectionMetadata(flags['reflection-metadata'], readNamed),
    publicHealth: flags['public-health'],
    patchMask: readPatchMask(flags['patch-mask']),
    log,
    allowOrigins: readList('--allow-origin', flags['allow-origin'], (origins) => new AllowedOrigins(origins)),
    forwardHeaders: readList('--forward-header', flags['forward-header'], (names) => new HeaderRules(names)),
    ingressOwnsAuthorization: flags['ingress-owns-authorization'],
    allowHosts: readList('--allow-host', flags['allow-host'], (entries) => new ServedHosts(entries)),
    trustedProxies: readList(
      '--trusted-proxies',
      flags['trusted-proxies'],
      (entries) => new TrustedProxies(entries),
    ),
    limits: defined({
      unaryTimeoutMs: flags['unary-timeout-ms'],
      headWaitMs: flags['head-wait-ms'],
      heartbeatMs: flags['heartbeat-ms'],
      flushMs: flags['flush-ms'],
      maxMessageBytes: flags['max-message-bytes'],
      slowReaderBytes: flags['slow-reader-bytes'],
      sessionCalls: flags['session-calls'],
      messageTimeoutMs: flags['message-timeout-ms'],
      bodyIdleMs: flags['body-idle-ms'],
      maxPauseMs: flags['max-pause-ms'],
      maxHeadBytes: flags['max-head-bytes'],
      requestHeadMs: flags['request-head-ms'],
      exchanges: flags.exchanges,
      exchangesPerAddress: flags['exchanges-per-address'],
      connectionsPerAddress: flags['connections-per-address'],
      unfinishedBytes: flags['unfinished-bytes'],
    }),
    ...defined({
      upstreamConnections: flags['upstream-connections'],
      upstreamStreams: flags['upstream-streams'],
      listen: checked('--listen', flags.listen, parseListen),
      adminListen: checked('--admin-listen', flags['admin-listen'], parseListen),
      graceMs: flags['grace-ms'],
      ...sources,
      pageDir,
      basePath: readBasePath(flags['base-path']),
    }),
  });
}

function readBasePath(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : parseBasePath(text);
  } catch (cause) {
    throw new UsageError(`--base-path: ${(cause as Error).message}`, { cause });
  }
}

function readUpstream(
  flags: Values<typeof GATEWAY_FLAGS>,
): Pick<GatewayOptions, 'upstream' | 'upstreamAuthority'> {
  const { upstream = '', 'upstream-authority': upstreamAuthority } = flags;
  // The library of grpc-js takes more than we do.
  if (flags.transport !== 'grpc-js' || upstream.startsWith('unix')) {
    checked('--upstream', upstream, assertUpstreamAddress);
  }
  if (upstreamAuthority !== undefined) checked('--upstream-authority', upstreamAuthority, assertAuthority);
  return { upstream, ...defined({ upstreamAuthority }) };
}

/** A value that is checked before anything is opened. Throws `UsageError`, which names the flag. */
function checked(flag: string, value: string | undefined, check: (value: string) => unknown): string {
  try {
    check(value ?? '');
  } catch (cause) {
    throw new UsageError(`${flag}: ${(cause as Error).message}`, { cause });
  }
  return value ?? '';
}

/** A list that is checked as a whole. Several in one value are separated by commas, on the line as in the environment. */
function readList(
  flag: string,
  values: readonly string[],
  check: (entries: readonly string[]) => unknown,
): readonly string[] {
  const entries = values.flatMap((value) => value.split(',')).map((entry) => entry.trim());
  try {
    check(entries);
  } catch (cause) {
    throw new UsageError(`${flag}: ${(cause as Error).message}`, { cause });
  }
  return entries;
}

/** What the gateway is told by files, and may be told again by changed ones. */
async function readSources(flags: CommonFlags): Promise<Pick<GatewayOptions, 'config' | 'schema'>> {
  return defined({ config: await readConfig(flags.config), schema: await readSchema(flags) });
}

async function readConfig(file: string | undefined): Promise<GatewayConfig | undefined> {
  if (file === undefined) return undefined;
  const text = (await readNamed('--config', file)).toString('utf8');
  try {
    return await parseConfig(text, file);
  } catch (cause) {
    if (cause instanceof ConfigError) throw new SettingsError(cause.message, { cause });
    throw cause;
  }
}

/** A descriptor set wins over .proto files, those over the service's own reflection. */
async function readSchema(flags: CommonFlags): Promise<Schema | undefined> {
  const set = flags['descriptor-set'];
  if (set !== undefined) {
    const bytes = await readNamed('--descriptor-set', set);
    try {
      return schemaFromDescriptorSet(bytes);
    } catch (cause) {
      throw new Error(`${set}: ${(cause as Error).message}`, { cause });
    }
  }
  if (flags.proto.length > 0) return await schemaFromProtoFiles(flags.proto, flags['proto-path']);
  if (flags['proto-path'].length > 0)
    throw new UsageError('--proto-path says where imports are: give --proto as well');
  return undefined;
}

async function readTls(flags: Values<typeof GATEWAY_FLAGS>): Promise<UpstreamTls | undefined> {
  const files = { ca: flags['upstream-ca'], cert: flags['upstream-cert'], key: flags['upstream-key'] };
  const serverName = flags['upstream-server-name'];
  if (!flags['upstream-tls'] && Object.values(files).every((file) => file === undefined)) {
    if (serverName !== undefined) throw new UsageError('--upstream-server-name needs --upstream-tls');
    return undefined;
  }
  if ((files.cert === undefined) !== (files.key === undefined)) {
    throw new UsageError('--upstream-cert and --upstream-key belong together: give both or neither');
  }
  const read = async (flag: string, file: string | undefined) =>
    file === undefined ? undefined : await readNamed(flag, file);
  const [ca, cert, key] = await Promise.all([
    read('--upstream-ca', files.ca),
    read('--upstream-cert', files.cert),
    read('--upstream-key', files.key),
  ]);
  return defined({ ca, cert, key, serverName });
}

/** The content of a file that a flag names. Its error names the flag. */
async function readNamed(flag: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new Error(`${flag} ${file}: ${(cause as Error).message}`, { cause });
  }
}

/** The built page: beside us in dist/, or in dist/ when we run from source. */
function findPage(): string | undefined {
  return ['../clients', '../dist/clients']
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((folder) => existsSync(`${folder}/playground/page.js`));
}

type Defined<Values> = { [Name in keyof Values]?: Exclude<Values[Name], undefined> };

/** The same object without what is undefined. */
function defined<Given extends object>(values: Given): Defined<Given> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Defined<Given>;
}
