export { type Schema, schemaFromDescriptorSet, schemaFromProtoFiles } from './schema/index.js';
export { type Gateway, type GatewayOptions, openGateway } from './server/index.js';
export type { Limits } from './surfaces/index.js';
export type { UpstreamTls } from './upstream/index.js';
