import type { Logger } from 'pino';
import { parseOtlpEndpoint, type TracingOptions } from '../ops/index.js';
import {
  assertNumber,
  GATEWAY_OPTIONS,
  isRatio,
  type Limits,
  MAX_WHOLE_NUMBER,
  parseListen,
  resolveLimits,
} from '../options/index.js';
import type { Schema } from '../schema/index.js';
import { AllowedOrigins, ServedHosts, TrustedProxies } from '../security/index.js';
import type { Metadata } from '../status/index.js';
import { type CompressRule, HeaderRules } from '../surfaces/index.js';
import { faultOfPair, type UpstreamTls } from '../upstream/index.js';
import { BasePath } from './base-path.js';
import type { ClientTls } from './client-tls.js';
import type { GatewayConfig, LimitsConfig } from './config/index.js';
import { assertJournalAccess, type JournalAccess, parseJournal } from './journal-place.js';

/** What a gateway is made of. Everything but `upstream` and `log` has a default. */
export interface GatewayOptions {
  /** The service: "host:port", "dns:///name:port", "unix:/path" or "unix-abstract:name". */
  readonly upstream: string;
  /** The `:authority` of every call to it. Default: its host and port, "localhost" for a socket of this machine. */
  readonly upstreamAuthority?: string;
  /** What goes with calls of its reflection service, and with no others: credentials, for example. Names in lower case. Default: nothing. */
  readonly reflectionMetadata?: Metadata;
  /** TLS towards the service. Default: plain text. */
  readonly upstreamTls?: UpstreamTls;
  /**
   * How to speak gRPC to the service. Default "http2": made for proxying, loses nothing before a failed status, never half-closes
   * what was cut, opens connections before the peer's stream limit. "grpc-js" is the reference, with its limits.
   */
  readonly transport?: 'http2' | 'grpc-js';
  /**
   * Whether codecs may be compiled to JavaScript with `new Function`. Default true: it is much faster. False where the process forbids
   * it; the same codec is then interpreted.
   */
  readonly codeGeneration?: boolean;
  /** Where browsers come in: "host:port"; port 0 takes a free one. Default "127.0.0.1:8080": open to others only on purpose. */
  readonly listen?: string;
  /** TLS on `listen`: HTTP/2 and HTTP/1.1 by ALPN, TLS 1.2 and up. Default: plain text. */
  readonly tls?: ClientTls;
  /** Health for whoever runs the gateway. Default "127.0.0.1:9090". */
  readonly adminListen?: string;
  /** What can be called. Default: learnt from the service by server reflection. */
  readonly schema?: Schema;
  /** How often a service that describes itself is asked whether its schema has changed, in milliseconds. Default 30 000; 0: never. */
  readonly schemaRefreshMs?: number;
  /** Refuses a new schema that breaks clients of the old one; `reload` rejects then. Default false. */
  readonly schemaGuard?: boolean;
  /**
   * Whether a PATCH whose rule's `body` is one message, and whose only FieldMask is empty, gets the mask of what its body says. Default true, as
   * in grpc-gateway: without it such a service sees a request to change nothing.
   */
  readonly patchMask?: boolean;
  /**
   * What is compressed for clients that accept it: 'off', 'whole' (answers of 1 KiB and more that are sent whole), or 'all' (streams of JSON and events
   * too). Default 'whole': a stream of small messages saves little for the time and the memory that it costs.
   */
  readonly compress?: CompressRule;
  /** Where calls are recorded. Default "memory"; or "nats://HOST:PORT,HOST:PORT", which all gateways share. */
  readonly journal?: string;
  /** How many servers of NATS keep each recording, where the gateway makes what it needs there. Default 1. */
  readonly journalReplicas?: number;
  /** Who the gateway is for the NATS of `journal`, and whom it trusts: nobody in particular by default. */
  readonly journalAccess?: JournalAccess;
  /** What is configured for single methods, from `parseConfig`; it wins over what the schema says. Default: nothing. */
  readonly config?: GatewayConfig;
  /** A path below which everything is served, for example "/api", for proxies that do not take it off. Default: none. */
  readonly basePath?: string;
  /** Folder with the page to serve at `/`. Default: none. */
  readonly pageDir?: string;
  /** `/healthz` on `listen` as well. Default false: it would take the path from the service. */
  readonly publicHealth?: boolean;
  /** Whether clients of RPC protocols may ask for the schema by server reflection, as they may at `/_sluice/services`. Default true. */
  readonly reflection?: boolean;
  /** Origins, besides our own, whose pages may call: "https://app.example.com", "https://*.example.com", "null"; "*" for all. Default: none. */
  readonly allowOrigins?: readonly string[];
  /**
   * Names that requests may be for, besides those that a loopback address always answers for: "app.example.com", "*.example.com", "*" for any.
   * Default: none; then a loopback address answers for loopback names alone, and any other one for every name.
   */
  readonly allowHosts?: readonly string[];
  /**
   * Request headers that travel to the service besides the usual ones. They are the ingress's to set: no client says them in another way. Default:
   * none.
   */
  readonly forwardHeaders?: readonly string[];
  /**
   * The same for `authorization`: only the header counts, which the ingress sets. Default false: pages cannot set headers on a WebSocket, so a
   * call of a session may say it in its metadata.
   */
  readonly ingressOwnsAuthorization?: boolean;
  /**
   * Addresses and networks ("10.0.0.0/8", "fd00::/8") of the proxies before us, whose `Forwarded` and `X-Forwarded-*` count. Default: none, so
   * a client is where its connection comes from.
   */
  readonly trustedProxies?: readonly string[];
  /** Connections to the service at most. Default 16. */
  readonly upstreamConnections?: number;
  /** Calls on one of them. Default 90: servers commonly allow 100. Both together are the places at the service: 1 440. */
  readonly upstreamStreams?: number;
  /** Bounds and times. They win over those in `config`. */
  readonly limits?: Partial<Limits>;
  /** Records exchanges and their calls in traces of OpenTelemetry. Default: nothing does, and its API is not loaded. */
  readonly tracing?: TracingOptions;
  /** How long open exchanges may go on after `close` was called, in milliseconds. Default 10 000. */
  readonly graceMs?: number;
  readonly log: Logger;
  /** Whether each call, each refused request and each session that is closed has a line at level info. Default true. */
  readonly logCalls?: boolean;
}

export interface ResolvedGatewayOptions
  extends Required<
    Omit<
      GatewayOptions,
      | 'schema'
      | 'basePath'
      | 'pageDir'
      | 'tls'
      | 'tracing'
      | 'upstreamTls'
      | 'upstreamAuthority'
      | 'allowHosts'
      | 'allowOrigins'
      | 'trustedProxies'
      | 'forwardHeaders'
      | 'ingressOwnsAuthorization'
    >
  > {
  readonly schema: Schema | undefined;
  readonly basePath: BasePath | undefined;
  readonly pageDir: string | undefined;
  readonly upstreamAuthority: string | undefined;
  readonly tls: ClientTls | undefined;
  readonly tracing: TracingOptions | undefined;
  readonly upstreamTls: UpstreamTls | undefined;
  readonly allowHosts: ServedHosts;
  readonly allowOrigins: AllowedOrigins;
  readonly headerRules: HeaderRules;
  readonly trustedProxies: TrustedProxies;
  readonly limits: Limits;
  /**
   * Exchanges of one address that may have a call, where somebody has set `exchangesPerAddress`: that number. 0: any number. `undefined`: a
   * quarter of the places at the service, so that no client takes them all.
   */
  readonly callsPerAddress: number | undefined;
  /** `callsPerSecond` is somebody's choice, so it is also for clients of this machine. By default it is for those from outside. */
  readonly countsLoopback: boolean;
}

/** Fills, checks and freezes, once. Throws a TypeError or RangeError that names the option. */
export function resolveGatewayOptions(given: GatewayOptions): ResolvedGatewayOptions {
  const chosen = { ...present(given.config?.limits ?? {}), ...given.limits };
  const listen = given.listen ?? GATEWAY_OPTIONS.listen.default;
  const adminListen = given.adminListen ?? GATEWAY_OPTIONS.adminListen.default;
  for (const address of [listen, adminListen]) parseListen(address);
  const transport = given.transport ?? GATEWAY_OPTIONS.transport.default;
  const { choices } = GATEWAY_OPTIONS.transport;
  if (!choices.includes(transport)) {
    throw new TypeError(`transport must be ${choices.join(' or ')}, not ${JSON.stringify(transport)}`);
  }
  const journal = given.journal ?? GATEWAY_OPTIONS.journal.default;
  assertJournal(journal);
  const journalAccess = given.journalAccess ?? {};
  assertJournalAccess(journalAccess);
  const numbers = {
    upstreamConnections: given.upstreamConnections ?? GATEWAY_OPTIONS.upstreamConnections.default,
    schemaRefreshMs: given.schemaRefreshMs ?? GATEWAY_OPTIONS.schemaRefreshMs.default,
    upstreamStreams: given.upstreamStreams ?? GATEWAY_OPTIONS.upstreamStreams.default,
    journalReplicas: given.journalReplicas ?? GATEWAY_OPTIONS.journalReplicas.default,
    graceMs: given.graceMs ?? GATEWAY_OPTIONS.graceMs.default,
  };
  for (const name of Object.keys(numbers) as (keyof typeof numbers)[]) {
    assertNumber(name, GATEWAY_OPTIONS[name], numbers[name]);
  }
  return Object.freeze({
    upstream: given.upstream,
    tls: given.tls,
    tracing: checkedTracing(given.tracing),
    upstreamTls: given.upstreamTls,
    upstreamAuthority: given.upstreamAuthority,
    reflectionMetadata: checkedMetadata(given.reflectionMetadata ?? []),
    transport,
    codeGeneration: given.codeGeneration ?? true,
    listen,
    adminListen,
    schema: given.schema,
    schemaGuard: given.schemaGuard ?? false,
    patchMask: given.patchMask ?? true,
    compress: given.compress ?? 'whole',
    config: given.config ?? {},
    journal,
    journalAccess,
    basePath: BasePath.of(given.basePath),
    pageDir: given.pageDir,
    publicHealth: given.publicHealth ?? false,
    reflection: given.reflection ?? true,
    allowOrigins: new AllowedOrigins(given.allowOrigins ?? []),
    allowHosts: new ServedHosts(given.allowHosts ?? []),
    headerRules: new HeaderRules(given.forwardHeaders, given.ingressOwnsAuthorization),
    trustedProxies: new TrustedProxies(given.trustedProxies ?? []),
    ...numbers,
    limits: resolveLimits({ ...burstOf(chosen), ...chosen }),
    callsPerAddress: chosen.exchangesPerAddress,
    countsLoopback: chosen.callsPerSecond !== undefined,
    log: given.log,
    logCalls: given.logCalls ?? true,
  });
}

/** Throws a TypeError for a place where calls cannot be recorded. */
export function assertJournal(journal: string): void {
  parseJournal(journal);
}

/** Whoever sets the rate alone gets a burst that fits it. */
function burstOf({ callsPerSecond = 0 }: Partial<Limits>): Partial<Limits> {
  return callsPerSecond > 0 ? { callsBurst: Math.min(2 * callsPerSecond, MAX_WHOLE_NUMBER) } : {};
}

/** The same without what is undefined, which would hide a default. */
function present(limits: LimitsConfig): Partial<Limits> {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

function checkedTracing(tracing: TracingOptions | undefined): TracingOptions | undefined {
  const { endpoint, ratio } = tracing ?? {};
  try {
    if (endpoint !== undefined) parseOtlpEndpoint(endpoint);
  } catch (cause) {
    throw new TypeError(`tracing endpoint: ${(cause as Error).message}`, { cause });
  }
  if (ratio !== undefined && !isRatio(ratio)) {
    throw new RangeError(`tracing ratio must be a number from 0 to 1, not ${ratio}`);
  }
  return tracing;
}

function checkedMetadata(pairs: Metadata): Metadata {
  for (const [name, value] of pairs) {
    const fault = faultOfPair(name, value);
    if (fault !== undefined) throw new TypeError(`reflection metadata: ${fault}`);
  }
  return pairs;
}
