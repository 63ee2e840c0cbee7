export { parseBasePath } from './base-path.js';
export { ConfigError, type GatewayConfig, type MethodConfig, parseConfig } from './config/index.js';
export { type Gateway, openGateway } from './gateway.js';
export { type GatewayOptions, parseListen } from './options.js';
