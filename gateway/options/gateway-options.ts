import { JOURNAL_OPTIONS } from './journal-options.js';
import { LIMIT_OPTIONS } from './limit-options.js';
import { MAX_WHOLE_NUMBER, type OptionTable } from './option.js';

const SERVICE = {
  upstream: {
    group: 'Service (upstream)',
    type: 'text',
    value: 'HOST:PORT',
    default: '127.0.0.1:50051',
    help: 'the gRPC service; dns:///name:port spreads calls over every address of the name; unix:/path and unix-abstract:name are sockets of this machine (on Node 20 an abstract one only of a service on Node)',
  },
  upstreamAuthority: {
    group: 'Service (upstream)',
    type: 'text',
    value: 'NAME',
    help: 'the :authority of every call to the service; without it the host and port of --upstream, or localhost for a socket of this machine',
  },
  upstreamTls: { group: 'Service (upstream)', type: 'switch', help: 'speak TLS to the service' },
  upstreamCa: {
    group: 'Service (upstream)',
    type: 'text',
    value: 'FILE',
    help: 'CA certificates to trust for the service (PEM); implies --upstream-tls',
  },
  upstreamCert: {
    group: 'Service (upstream)',
    type: 'text',
    value: 'FILE',
    help: "the gateway's own certificate for the service (PEM); implies --upstream-tls and needs --upstream-key",
  },
  upstreamKey: {
    group: 'Service (upstream)',
    type: 'text',
    value: 'FILE',
    help: 'the key of --upstream-cert (PEM)',
  },
  upstreamServerName: {
    group: 'Service (upstream)',
    type: 'text',
    value: 'NAME',
    help: "the name that the service's certificate must have; needs TLS",
  },
  transport: {
    group: 'Service (upstream)',
    type: 'choice',
    choices: ['http2', 'grpc-js'],
    default: 'http2',
    help: 'how to speak gRPC to the service: http2 is made for proxying, grpc-js is the reference',
  },
  /** Together with the next one 1,440 places at the service. */
  upstreamConnections: {
    group: 'Service (upstream)',
    type: 'number',
    unit: 'connections',
    default: 16,
    min: 1,
    max: 10_000,
    help: 'how many connections to the service the gateway opens at most',
  },
  /** Servers commonly allow 100, and queue or refuse more. */
  upstreamStreams: {
    group: 'Service (upstream)',
    type: 'number',
    unit: 'calls',
    default: 90,
    min: 1,
    max: 100_000,
    help: 'how many calls the gateway opens on one connection; times --upstream-connections it is the number of places at the service',
  },
  forwardHeader: {
    group: 'Service (upstream)',
    type: 'list',
    value: 'NAME',
    commas: true,
    help: 'a request header that is forwarded to the service, besides authorization, tracing and grpc-metadata-*; clients cannot set it in another way',
  },
  ingressOwnsAuthorization: {
    group: 'Service (upstream)',
    type: 'switch',
    help: 'accept authorization only as a request header, which the ingress sets: not as grpc-metadata-authorization, nor in the metadata of a session',
  },
} as const satisfies OptionTable;

const SCHEMA = {
  descriptorSet: {
    group: 'Schema',
    type: 'text',
    value: 'FILE',
    help: 'learn the methods from a descriptor set (protoc --descriptor_set_out --include_imports, buf build)',
  },
  proto: {
    group: 'Schema',
    type: 'list',
    value: 'FILE',
    commas: false,
    help: 'learn the methods from a .proto file',
  },
  protoPath: {
    group: 'Schema',
    type: 'list',
    value: 'DIR',
    commas: false,
    help: 'a folder with files that --proto imports; needs --proto',
  },
  schemaRefreshMs: {
    group: 'Schema',
    type: 'number',
    unit: 'ms',
    default: 30_000,
    min: 0,
    max: MAX_WHOLE_NUMBER,
    help: 'how often a service that describes itself is asked whether its schema has changed; files of --descriptor-set and --proto are looked at each second, or as often; 0: never',
  },
  schemaGuard: {
    group: 'Schema',
    type: 'switch',
    help: 'refuse a new schema that breaks clients of the old one: a method that is gone, a field with another type or number; the old one stays',
  },
  reflectionMetadata: {
    group: 'Schema',
    type: 'list',
    value: 'NAME=VALUE',
    commas: false,
    secret: true,
    help: 'metadata for reflection calls only, such as credentials; "name: value" works as well, and @FILE reads one from each line, which keeps secrets off the command line',
  },
  patchMask: {
    group: 'Schema',
    type: 'choice',
    choices: ['on', 'off'],
    aliases: { true: 'on', false: 'off' },
    default: 'on',
    help: 'give a PATCH without a field mask one that names the fields of its body, as grpc-gateway does',
  },
  noCodeGeneration: {
    group: 'Schema',
    type: 'switch',
    help: 'interpret codecs instead of compiling them, for processes that forbid new Function',
  },
} as const satisfies OptionTable;

const LISTENING = {
  listen: {
    group: 'Listening',
    type: 'text',
    value: 'HOST:PORT',
    default: '127.0.0.1:8080',
    help: 'where clients connect; :8080 for every address, port 0 for a free one',
  },
  tlsCert: {
    group: 'Listening',
    type: 'text',
    value: 'FILE',
    help: 'speak TLS on --listen with this certificate (PEM, with those between it and an authority); read again when it changes; needs --tls-key',
  },
  tlsKey: { group: 'Listening', type: 'text', value: 'FILE', help: 'the key of --tls-cert (PEM)' },
  tlsClientCa: {
    group: 'Listening',
    type: 'text',
    value: 'FILE',
    help: 'authorities of client certificates (PEM): a client without one of theirs is refused (see --tls-client-auth); needs --tls-cert',
  },
  tlsClientAuth: {
    group: 'Listening',
    type: 'choice',
    choices: ['require', 'request'],
    default: 'require',
    help: 'with --tls-client-ca: refuse a client that shows no certificate, or let it in without one; a certificate of another authority is refused by both',
  },
  adminListen: {
    group: 'Listening',
    type: 'text',
    value: 'HOST:PORT',
    default: '127.0.0.1:9090',
    help: 'where /healthz, /readyz, /metrics (Prometheus) and /_sluice/streams are served; port 0 for a free one',
  },
  publicHealth: {
    group: 'Listening',
    type: 'switch',
    help: 'answer /healthz on --listen as well, for load balancers that do not reach --admin-listen; 503 while draining',
  },
  basePath: {
    group: 'Listening',
    type: 'text',
    value: 'PATH',
    help: 'serve everything below this path, for example /api, where a proxy does not take it off',
  },
  noReflection: {
    group: 'Listening',
    type: 'switch',
    help: 'do not answer server reflection to clients of gRPC; /_sluice/services stays',
  },
  noPage: { group: 'Listening', type: 'switch', help: 'do not serve the page to try methods at /' },
  compress: {
    group: 'Listening',
    type: 'choice',
    choices: ['off', 'whole', 'all'],
    default: 'whole',
    help: 'what is compressed (gzip, br, and zstd from Node 22.15) for clients that accept it: answers of 1 KiB and more that are sent whole, or streams as well, each write at once',
  },
} as const satisfies OptionTable;

const WHO_MAY_CALL = {
  allowOrigin: {
    group: 'Who may call',
    type: 'list',
    value: 'ORIGIN',
    commas: true,
    help: 'an origin whose pages may call besides our own, for example https://app.example.com or https://*.example.com; * for all',
  },
  allowHost: {
    group: 'Who may call',
    type: 'list',
    value: 'NAME',
    commas: true,
    help: 'a host that requests may be for, for example app.example.com, *.example.com or *; without it a loopback --listen answers for localhost only, any other for every name',
  },
  trustedProxies: {
    group: 'Who may call',
    type: 'list',
    value: 'ADDRESS',
    commas: true,
    help: 'address or network (10.0.0.0/8) of a proxy before the gateway; only its Forwarded and X-Forwarded-* headers say who the client is',
  },
} as const satisfies OptionTable;

const TRACES = {
  otlpEndpoint: {
    group: 'Traces',
    type: 'text',
    value: 'URL',
    help: 'where traces go: the collector of OpenTelemetry (OTLP over HTTP, as JSON), for example http://127.0.0.1:4318; /v1/traces is added. Headers come from OTEL_EXPORTER_OTLP_HEADERS',
  },
  /** All: who traces wants to see something, and who has many calls sets less. */
  traceRatio: {
    group: 'Traces',
    type: 'ratio',
    default: 1,
    help: 'how many of the traces that begin here are recorded; where a client has a trace already, its own decision counts',
  },
} as const satisfies OptionTable;

/** Every option of a gateway, as flags, variables and the `gateway:` section of the configuration file have them. */
export const GATEWAY_OPTIONS = {
  ...LISTENING,
  ...SERVICE,
  ...SCHEMA,
  ...WHO_MAY_CALL,
  ...TRACES,
  ...JOURNAL_OPTIONS,
  ...LIMIT_OPTIONS,
  graceMs: {
    group: 'Times',
    type: 'number',
    unit: 'ms',
    default: 10_000,
    min: 0,
    max: MAX_WHOLE_NUMBER,
    help: 'how long open calls may go on after SIGTERM',
  },
} as const satisfies OptionTable;
