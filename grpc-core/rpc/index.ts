export { type Calls, createCalls } from './calls.js';
export type { HandlersOf, MethodDefinition, ServiceDefinition } from './definition.js';
export type { CallContext, Handler } from './handler.js';
export { assertSubject } from './identity.js';
export { loadService, packageRoot, streamingServiceDefinition } from './proto-service.js';
export { createReadGate, type ReadGate } from './read-gate.js';
export { singleRequest } from './request-reader.js';
export type { ServeOptions } from './serve.js';
