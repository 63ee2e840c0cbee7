export { breakingChanges, type SchemaChange } from './change/index.js';
export {
  describeSchema,
  type HttpDescription,
  type MethodDescription,
  type SchemaDescription,
  type ServiceDescription,
} from './describe/index.js';
export type { PathValue, RouteMatch, RouteTable } from './http/index.js';
export {
  assertNoRival,
  COMMON_METHODS,
  createRouteTable,
  fieldsInAddress,
  jsonBesideBody,
  maskOfBody,
  masksAsWritten,
  type QueryOptions,
  ROUTED_METHODS,
  requestJson,
} from './http/index.js';
export type { Schema } from './load/index.js';
export {
  changedSchemaFromReflection,
  descriptorSetFromProtoFiles,
  descriptorSetFromReflection,
  type ReflectionCall,
  ReflectionEnded,
  type ReflectionOpen,
  type ReflectionOptions,
  type SchemaOptions,
  schemaFromDescriptorSet,
  schemaFromProtoFiles,
  schemaFromReflection,
} from './load/index.js';
export type {
  FileContent,
  HttpBinding,
  Json,
  JsonObject,
  Method,
  PathVariable,
  Resume,
  SlowReaderRule,
} from './method/index.js';
export { MAX_AFTER_MS, type SlowReaderSettings, slowReaderRule } from './method/index.js';
export { SchemaError, SchemaProblem } from './problem/index.js';
