import type { Flags } from './flags.js';
import type { Example } from './help.js';

const LOG_LEVEL = {
  group: 'Output',
  type: 'text',
  value: 'LEVEL',
  help: 'trace, debug, info, warn, error, fatal or silent',
  default: 'info',
} as const;
const GRACE_MS = {
  group: 'Times',
  type: 'number',
  help: 'how long open calls may go on after SIGTERM',
  default: '10000',
  min: 0,
} as const;
const HELP = { group: 'Output', type: 'switch', help: 'show this text', lineOnly: true } as const;
const VERSION = { group: 'Output', type: 'switch', help: 'show the version', lineOnly: true } as const;

const CORE = {
  'data-dir': {
    group: 'Core service',
    type: 'text',
    value: 'DIR',
    help: 'files and state of the core; made when missing',
    default: './data',
  },
  'data-interval-ms': {
    group: 'Core service',
    type: 'number',
    help: 'milliseconds between two new items of the data stream',
    default: '100',
  },
} as const satisfies Flags;

const GATEWAY = {
  transport: {
    group: 'Service (upstream)',
    type: 'text',
    value: 'NAME',
    help: 'how to speak gRPC to the service: http2 (made for proxying) or grpc-js (the reference)',
    default: 'http2',
  },
  'patch-mask': {
    group: 'Schema',
    type: 'text',
    value: 'on|off',
    help: 'a PATCH without a field mask gets one that names the fields of its body',
    default: 'on',
  },
  'upstream-connections': {
    group: 'Service (upstream)',
    type: 'number',
    help: 'how many connections to the service the gateway opens at most',
    default: '16',
    max: 10_000,
  },
  'upstream-streams': {
    group: 'Service (upstream)',
    type: 'number',
    help: 'how many calls the gateway opens on one connection; both multiplied are the places at the service',
    default: '90',
    max: 100_000,
  },
  'reflection-metadata': {
    group: 'Schema',
    type: 'list',
    value: 'NAME=VALUE',
    help: 'this metadata goes with reflection calls only; "name: value" works as well, and @FILE reads one from each line, which keeps secrets off the command line',
  },
  'no-code-generation': {
    group: 'Schema',
    type: 'switch',
    help: 'interpret the codecs instead of compiling them, for processes that forbid new Function',
  },
  'admin-listen': {
    group: 'Listening',
    type: 'text',
    value: 'HOST:PORT',
    help: 'where health and metrics are served; port 0 takes a free one',
    default: '127.0.0.1:9090',
  },
  'base-path': {
    group: 'Listening',
    type: 'text',
    value: 'PATH',
    help: 'serve everything below this path, for example /api, where a proxy does not take it off',
  },
  'public-health': {
    group: 'Listening',
    type: 'switch',
    help: 'answer /healthz on --listen as well, for load balancers that do not reach --admin-listen; 503 while draining',
  },
  'descriptor-set': {
    group: 'Schema',
    type: 'text',
    value: 'FILE',
    help: 'learn the methods from a descriptor set (protoc --descriptor_set_out --include_imports, buf build)',
  },
  proto: { group: 'Schema', type: 'list', value: 'FILE', help: 'learn the methods from a .proto file' },
  'proto-path': {
    group: 'Schema',
    type: 'list',
    value: 'DIR',
    help: 'where imports of --proto are looked for',
  },
  config: {
    group: 'Schema',
    type: 'text',
    value: 'FILE',
    help: 'settings of single methods, in YAML or JSON; see docs/configuration.md',
  },
  'allow-origin': {
    group: 'Who may call',
    type: 'list',
    value: 'ORIGIN',
    help: 'pages of this origin may call, for example https://app.example.com; * for all',
  },
  'allow-host': {
    group: 'Who may call',
    type: 'list',
    value: 'NAME',
    help: 'the gateway answers requests for this host, for example app.example.com, *.example.com or *; without it a loopback --listen answers for localhost only, any other for every name',
  },
  'forward-header': {
    group: 'Service (upstream)',
    type: 'list',
    value: 'NAME',
    help: 'this request header travels to the service as well',
  },
  'trusted-proxies': {
    group: 'Who may call',
    type: 'list',
    value: 'ADDRESS',
    help: 'address or network of proxies before the gateway, whose X-Forwarded-* and Forwarded count',
  },
  'ingress-owns-authorization': {
    group: 'Service (upstream)',
    type: 'switch',
    help: 'only the authorization header counts, which the ingress sets: clients cannot send it as grpc-metadata-authorization or in the metadata of a session',
  },
  'unary-timeout-ms': {
    group: 'Times',
    type: 'number',
    help: 'deadline of unary calls that ask for none',
    default: '30000',
  },
  'head-wait-ms': {
    group: 'Times',
    type: 'number',
    help: "how long a stream's head waits for the service, so that early failures keep their status",
    default: '250',
  },
  'heartbeat-ms': {
    group: 'Times',
    type: 'number',
    help: 'the longest silence on SSE, NDJSON, a JSON array or a WebSocket before the gateway sends a heartbeat',
    default: '15000',
  },
  'flush-ms': {
    group: 'Times',
    type: 'number',
    help: 'the least time between two writes to one stream; a few save work where messages trickle',
    default: '0',
    min: 0,
  },
  'session-calls': {
    group: 'Limits',
    type: 'number',
    help: 'how many calls one session (a WebSocket with many calls) may have open',
    default: '100',
  },
  'exchanges-per-address': {
    group: 'Limits',
    type: 'number',
    help: 'how many exchanges (requests, WebSockets, calls of sessions) one client address may have open; 0: any number',
    shownDefault: '400, and a quarter of the places at the service',
    min: 0,
  },
  'connections-per-address': {
    group: 'Limits',
    type: 'number',
    help: 'how many connections one client address may have open; 0: any number',
    shownDefault: '200',
    min: 0,
  },
  exchanges: {
    group: 'Limits',
    type: 'number',
    help: 'how many exchanges all clients together may have open; 0: any number',
    shownDefault: '20000',
    min: 0,
  },
  'unfinished-bytes': {
    group: 'Limits',
    type: 'number',
    help: 'how many bytes the unfinished messages of all clients may hold together; 0: any number',
    shownDefault: '67108864',
    min: 0,
  },
  'slow-reader-bytes': {
    group: 'Limits',
    type: 'number',
    help: 'how many bytes of a stream the gateway keeps for a slow client, where the service does not wait for it',
    default: '1048576',
  },
  'max-message-bytes': {
    group: 'Limits',
    type: 'number',
    help: 'the largest message in either direction',
    default: '4194304',
  },
  'message-timeout-ms': {
    group: 'Times',
    type: 'number',
    help: 'how long a client may take to finish a message that it has begun',
    default: '60000',
  },
  'body-idle-ms': {
    group: 'Times',
    type: 'number',
    help: 'the longest silence of a request body between two messages',
    default: '300000',
  },
  'max-pause-ms': {
    group: 'Times',
    type: 'number',
    help: 'how long a client may read nothing that the gateway sends, or the service nothing that a client sends',
    default: '300000',
  },
  'max-head-bytes': {
    group: 'Limits',
    type: 'number',
    help: 'the largest head of a request: its line and its header fields',
    default: '16384',
    min: 1024,
  },
  'request-head-ms': {
    group: 'Times',
    type: 'number',
    help: 'how long the head of a request may take',
    default: '30000',
  },
} as const satisfies Flags;

export const CORE_FLAGS = {
  listen: {
    group: 'Listening',
    type: 'text',
    value: 'HOST:PORT',
    help: 'where gRPC clients come in; port 0 takes a free one',
    default: '127.0.0.1:50051',
  },
  ...CORE,
  'grace-ms': GRACE_MS,
  'log-level': LOG_LEVEL,
  help: HELP,
  version: VERSION,
} as const satisfies Flags;

export const GATEWAY_FLAGS = {
  upstream: {
    group: 'Service (upstream)',
    type: 'text',
    value: 'HOST:PORT',
    help: 'the gRPC service; dns:///name:port spreads calls over every address of the name; unix:/path and unix-abstract:name are sockets of this machine (on Node 20 an abstract one only of a service on Node)',
    default: '127.0.0.1:50051',
  },
  'upstream-authority': {
    group: 'Service (upstream)',
    type: 'text',
    value: 'NAME',
    help: 'the :authority of every call to the service; calls to a socket of this machine have localhost unless this is given',
  },
  'upstream-tls': { group: 'Service (upstream)', type: 'switch', help: 'speak TLS to the service' },
  'upstream-ca': {
    group: 'Service (upstream)',
    type: 'text',
    value: 'FILE',
    help: 'authorities to trust for it, PEM; switches TLS on',
  },
  'upstream-cert': {
    group: 'Service (upstream)',
    type: 'text',
    value: 'FILE',
    help: 'our own certificate for it, PEM; switches TLS on',
  },
  'upstream-key': {
    group: 'Service (upstream)',
    type: 'text',
    value: 'FILE',
    help: 'the key of that certificate, PEM',
  },
  'upstream-server-name': {
    group: 'Service (upstream)',
    type: 'text',
    value: 'NAME',
    help: 'the name its certificate must have',
  },
  listen: {
    group: 'Listening',
    type: 'text',
    value: 'HOST:PORT',
    help: 'where browsers come in; port 0 takes a free one',
    default: '127.0.0.1:8080',
  },
  ...GATEWAY,
  'no-page': { group: 'Listening', type: 'switch', help: 'do not serve the page to try things at /' },
  'grace-ms': GRACE_MS,
  'log-level': LOG_LEVEL,
  help: HELP,
  version: VERSION,
} as const satisfies Flags;

export const START_FLAGS = {
  listen: GATEWAY_FLAGS.listen,
  'core-listen': CORE_FLAGS.listen,
  ...CORE,
  ...GATEWAY,
  'no-page': GATEWAY_FLAGS['no-page'],
  'grace-ms': GRACE_MS,
  'log-level': LOG_LEVEL,
  help: HELP,
  version: VERSION,
} as const satisfies Flags;

/** Two lines that a new user can type as they are, for each command. */
export const EXAMPLES = {
  start: [
    { line: 'sluice start', does: 'everything on this machine; open http://127.0.0.1:8080/' },
    { line: 'sluice start --listen :8080 --data-dir /var/lib/sluice', does: 'for other machines as well' },
  ],
  gateway: [
    {
      line: 'sluice gateway --upstream 127.0.0.1:50051',
      does: 'in front of a service with server reflection',
    },
    {
      line: 'sluice gateway --upstream dns:///orders:443 --upstream-tls --descriptor-set orders.binpb',
      does: 'TLS to every address of a name; methods from a file',
    },
  ],
  core: [
    { line: 'sluice core', does: 'gRPC on 127.0.0.1:50051, files and state in ./data' },
    { line: 'sluice core --listen :50051 --data-dir /var/lib/sluice', does: 'for other machines as well' },
  ],
} as const satisfies Record<string, readonly Example[]>;
