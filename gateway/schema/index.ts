export { type SchemaOptions, schemaFromDescriptorSet } from './descriptor-set.js';
export type { HttpBinding, PathVariable } from './http-rule.js';
export type { Method, Resume } from './method.js';
export { createRouteTable } from './route-table.js';
export type { PathValue, RouteMatch, RouteTable, Schema } from './schema.js';
export { SchemaError } from './schema-error.js';
