export { type Gateway, openGateway } from './gateway.js';
export type { GatewayOptions } from './options.js';
