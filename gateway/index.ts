export { type Schema, schemaFromDescriptorSet, schemaFromProtoFiles } from './schema/index.js';
export { AllowedOrigins, ServedHosts, TrustedProxies } from './security/index.js';
export {
  ConfigError,
  type Gateway,
  type GatewayConfig,
  type GatewayOptions,
  type MethodConfig,
  openGateway,
  parseBasePath,
  parseConfig,
  parseListen,
} from './server/index.js';
export { HeaderRules, type Limits } from './surfaces/index.js';
export { assertAuthority, assertUpstreamAddress, faultOfPair, type UpstreamTls } from './upstream/index.js';
