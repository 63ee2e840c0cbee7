import { ADDRESS_OPTIONS, METADATA_OPTIONS } from './call-table.js';
import { type CommandTable, GATEWAY, HELP_AND_VERSION } from './command-table.js';

/** What leads to a schema, without a gateway. */
const DESCRIBED = {
  upstream: GATEWAY.upstream,
  upstreamAuthority: GATEWAY.upstreamAuthority,
  upstreamTls: GATEWAY.upstreamTls,
  upstreamCa: GATEWAY.upstreamCa,
  upstreamCert: GATEWAY.upstreamCert,
  upstreamKey: GATEWAY.upstreamKey,
  upstreamServerName: GATEWAY.upstreamServerName,
  reflectionMetadata: GATEWAY.reflectionMetadata,
  descriptorSet: GATEWAY.descriptorSet,
  proto: GATEWAY.proto,
  protoPath: GATEWAY.protoPath,
};

const OUTPUT = {
  output: {
    group: 'Output',
    type: 'text',
    value: 'FILE',
    lineOnly: true,
    short: 'o',
    help: 'write to this file and not to the standard output; -o for short',
  },
  ...HELP_AND_VERSION,
} as const satisfies CommandTable;

export const TYPES_COMMAND = { ...DESCRIBED, ...OUTPUT };

/** Documents of a service; with a name, a text of what has it. */
export const DESCRIBE_COMMAND = {
  ...DESCRIBED,
  ...ADDRESS_OPTIONS,
  ...METADATA_OPTIONS,
  basePath: GATEWAY.basePath,
  format: {
    group: 'Output',
    type: 'choice',
    choices: ['openapi', 'openapi-3.2', 'asyncapi', 'types', 'descriptors'],
    default: 'openapi',
    lineOnly: true,
    help: 'which document to write: OpenAPI 3.1 (openapi) or 3.2, AsyncAPI 3.0, TypeScript, or a google.protobuf.FileDescriptorSet',
  },
  ...OUTPUT,
} as const satisfies CommandTable;
