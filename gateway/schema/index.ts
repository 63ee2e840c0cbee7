export {
  describeSchema,
  type HttpDescription,
  type MethodDescription,
  type SchemaDescription,
  type ServiceDescription,
} from './describe.js';
export { type SchemaOptions, schemaFromDescriptorSet } from './descriptor-set.js';
export { masksAsWritten } from './field-mask.js';
export type { FileContent } from './file-content.js';
export { COMMON_METHODS, ROUTED_METHODS } from './http-methods.js';
export type { HttpBinding, PathVariable } from './http-rule.js';
export type { Method, Resume, SlowReaderRule } from './method.js';
export { maskOfBody } from './patch-mask.js';
export { descriptorSetFromProtoFiles, schemaFromProtoFiles } from './proto-files.js';
export { assertNoRival, fieldsInAddress, jsonBesideBody, type QueryOptions, requestJson } from './query.js';
export { descriptorSetFromReflection, type ReflectionOptions, schemaFromReflection } from './reflection.js';
export { type ReflectionCall, ReflectionEnded, type ReflectionOpen } from './reflection-call.js';
export type { Json, JsonObject } from './request-fields.js';
export { createRouteTable } from './route-table.js';
export type { PathValue, RouteMatch, RouteTable, Schema } from './schema.js';
export { SchemaError } from './schema-error.js';
export { SchemaProblem } from './schema-problem.js';
export { MAX_AFTER_MS, type SlowReaderSettings, slowReaderRule } from './slow-reader-rule.js';
