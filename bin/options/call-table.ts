import { type CommandTable, GATEWAY, HELP_AND_VERSION } from './command-table.js';

/** Which shells have a completion script. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** Where a gateway or a gRPC server is, and how to speak to it. */
export const ADDRESS_OPTIONS = {
  address: {
    group: 'Address',
    type: 'text',
    value: 'ADDRESS',
    help: 'where to call: HOST:PORT, http://HOST:PORT, https://HOST:PORT or unix:/PATH, also in front of the other arguments; without it http://127.0.0.1:8080, with --grpc 127.0.0.1:50051',
  },
  grpc: {
    group: 'Address',
    type: 'switch',
    help: 'the address is that of a gRPC server and of no gateway: its methods are those of its server reflection',
  },
  tls: { group: 'Address', type: 'switch', help: 'speak TLS; an address with https:// says the same' },
  ca: {
    group: 'Address',
    type: 'text',
    value: 'FILE',
    help: 'CA certificates to trust (PEM); implies --tls',
  },
  cert: {
    group: 'Address',
    type: 'text',
    value: 'FILE',
    help: 'your own certificate (PEM); implies --tls and needs --key',
  },
  key: { group: 'Address', type: 'text', value: 'FILE', help: 'the key of --cert (PEM)' },
  serverName: {
    group: 'Address',
    type: 'text',
    value: 'NAME',
    help: 'the name to ask for and to check in the certificate, where it differs from that of the address',
  },
  authority: {
    group: 'Address',
    type: 'text',
    value: 'HOST',
    help: 'what to send as :authority, where it differs from the address',
  },
} as const satisfies CommandTable;

/** How a gateway is spoken to; a gRPC server has no choice. */
const HTTP1 = {
  http1: {
    group: 'Address',
    type: 'switch',
    help: 'call a gateway in gRPC-Web over HTTP/1.1, for proxies that know no HTTP/2; without it that is found out, by a first call in vain',
  },
} as const satisfies CommandTable;

/** What is sent beside a request. */
export const METADATA_OPTIONS = {
  header: {
    group: 'Metadata',
    type: 'list',
    value: 'NAME: VALUE',
    commas: false,
    secret: true,
    lineOnly: true,
    short: 'H',
    help: 'metadata of the request, repeatable; @FILE reads one from each line, which keeps secrets off the command line; -H for short',
  },
  tokenFile: {
    group: 'Metadata',
    type: 'text',
    value: 'FILE',
    help: 'a file with a token, which is sent as "authorization: Bearer TOKEN"; SLUICE_TOKEN may hold the token itself',
  },
  token: {
    group: 'Metadata',
    type: 'text',
    value: 'TOKEN',
    variableOnly: true,
    help: 'the token itself',
  },
} as const satisfies CommandTable;

/** Where the schema is, if not with the address. */
const SCHEMA_FILES = {
  descriptorSet: GATEWAY.descriptorSet,
  proto: GATEWAY.proto,
  protoPath: GATEWAY.protoPath,
};

const DEADLINE = {
  deadline: {
    group: 'Request',
    type: 'text',
    value: 'TIME',
    lineOnly: true,
    help: 'when the call ends with DEADLINE_EXCEEDED, from its beginning: 500ms, 5s, 2m or 1h',
  },
} as const satisfies CommandTable;

/** The options of `sluice call`. */
export const CALL_COMMAND = {
  ...ADDRESS_OPTIONS,
  ...HTTP1,
  ...METADATA_OPTIONS,
  data: {
    group: 'Request',
    type: 'text',
    value: 'JSON',
    lineOnly: true,
    short: 'd',
    help: 'the request as JSON; @FILE reads it from a file and - (or @-) from the standard input. Several messages stand one after the other, as in NDJSON; -d for short',
  },
  upload: {
    group: 'Request',
    type: 'text',
    value: 'FILE',
    lineOnly: true,
    help: 'send this file in the field of the request that holds one; - is the standard input',
  },
  resume: {
    group: 'Request',
    type: 'text',
    value: 'ID',
    lineOnly: true,
    help: 'go on after the message with this id; of a gateway that records also ~earliest and ~now',
  },
  ...DEADLINE,
  maxMessageBytes: GATEWAY.maxMessageBytes,
  detach: {
    group: 'Recorded calls',
    type: 'switch',
    lineOnly: true,
    help: 'let the call go on at the gateway, and print where it is found',
  },
  join: {
    group: 'Recorded calls',
    type: 'text',
    value: 'LOCATION',
    lineOnly: true,
    help: 'read the answer of a call that was detached, in place of calling a method; Ctrl-C only leaves it',
  },
  stop: {
    group: 'Recorded calls',
    type: 'text',
    value: 'LOCATION',
    lineOnly: true,
    help: 'end a call that was detached',
  },
  slow: {
    group: 'Answer',
    type: 'text',
    value: 'N/s',
    lineOnly: true,
    help: 'take at most N messages a second (N/m: a minute), so that the service has to wait',
  },
  output: {
    group: 'Answer',
    type: 'text',
    value: 'FILE',
    lineOnly: true,
    short: 'o',
    help: 'write the file that the answers hold here; it is there once it is whole; - is the standard output; -o for short',
  },
  format: {
    group: 'Answer',
    type: 'choice',
    choices: ['auto', 'ndjson', 'pretty'],
    default: 'auto',
    help: 'how messages are printed: one on each line, or indented; auto is pretty on a terminal and ndjson elsewhere',
  },
  emitDefaults: {
    group: 'Answer',
    type: 'switch',
    lineOnly: true,
    help: 'print fields that have their default value as well; ProtoJSON leaves them out',
  },
  verbose: {
    group: 'Answer',
    type: 'switch',
    lineOnly: true,
    short: 'v',
    help: 'print the metadata and the trailers of the answer on the standard error; -v for short',
  },
  ...SCHEMA_FILES,
  ...HELP_AND_VERSION,
} as const satisfies CommandTable;

/** The options of `sluice list`. */
export const LIST_COMMAND = {
  ...ADDRESS_OPTIONS,
  ...METADATA_OPTIONS,
  ...SCHEMA_FILES,
  ...HELP_AND_VERSION,
} as const satisfies CommandTable;

const { address: _address, grpc: _grpc, ...TLS_OPTIONS } = ADDRESS_OPTIONS;

/** The options of `sluice top`. */
export const TOP_COMMAND = {
  address: {
    group: 'Address',
    type: 'text',
    value: 'ADDRESS',
    lineOnly: true,
    help: 'the admin port of a gateway, or its listen address, also in front of the options; without it http://127.0.0.1:9090',
  },
  ...TLS_OPTIONS,
  ...METADATA_OPTIONS,
  method: {
    group: 'Answer',
    type: 'text',
    value: 'METHOD',
    lineOnly: true,
    help: 'only calls of this method, as pkg.Service/Method',
  },
  requestId: {
    group: 'Answer',
    type: 'list',
    value: 'ID',
    commas: false,
    lineOnly: true,
    help: 'only calls with one of these request ids; on the listen address, clients without a credential see no others',
  },
  limit: {
    group: 'Answer',
    type: 'number',
    unit: 'exchanges',
    default: 100,
    min: 1,
    max: 1_000,
    lineOnly: true,
    help: 'how many of them to show at most; those come first of which most waits',
  },
  interval: {
    group: 'Answer',
    type: 'text',
    value: 'TIME',
    default: '1s',
    lineOnly: true,
    help: 'how often to look: 100ms to 1m, 1s without it',
  },
  once: { group: 'Answer', type: 'switch', lineOnly: true, help: 'look once, and exit' },
  format: {
    group: 'Answer',
    type: 'choice',
    choices: ['auto', 'table', 'ndjson'],
    default: 'auto',
    lineOnly: true,
    help: 'a table, or the JSON of each look on one line; auto is a table on a terminal and ndjson elsewhere',
  },
  ...HELP_AND_VERSION,
} as const satisfies CommandTable;

/** The options of `sluice completion`. */
export const COMPLETION_COMMAND = {
  line: {
    group: 'Output',
    type: 'text',
    value: 'TEXT',
    lineOnly: true,
    help: 'with "words" in place of a shell: print what the last word of this line may become; the scripts ask for it',
  },
  ...HELP_AND_VERSION,
} as const satisfies CommandTable;
