export { parseBasePath } from './base-path.js';
export type { ClientTls } from './client-tls.js';
export {
  ConfigError,
  type ConfigFile,
  configJsonSchema,
  type FileOption,
  type GatewayConfig,
  type MethodConfig,
  parseConfig,
  parseConfigFile,
} from './config/index.js';
export { type Gateway, openGateway } from './gateway.js';
export { assertJournal, type GatewayOptions } from './gateway-settings.js';
