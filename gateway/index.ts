export { hasRegisteredProvider, parseOtlpEndpoint, type TracingOptions } from './ops/index.js';
export { type Limits, parseListen } from './options/index.js';
export {
  type Schema,
  schemaFromDescriptorSet,
  schemaFromProtoFiles,
  schemaFromReflection,
} from './schema/index.js';
export { AllowedOrigins, ServedHosts, TrustedProxies } from './security/index.js';
export {
  assertJournal,
  type ClientTls,
  ConfigError,
  type ConfigFile,
  configJsonSchema,
  type FileOption,
  type Gateway,
  type GatewayConfig,
  type GatewayOptions,
  type MethodConfig,
  openGateway,
  parseBasePath,
  parseConfig,
  parseConfigFile,
} from './server/index.js';
export { HeaderRules } from './surfaces/index.js';
export {
  assertAuthority,
  assertUpstreamAddress,
  faultOfPair,
  openTransport,
  type UpstreamTls,
} from './upstream/index.js';
