export { breakingChanges, type SchemaChange } from './change/index.js';
export {
  describeSchema,
  descriptionSteps,
  enumComment,
  fieldComment,
  type HttpDescription,
  isInputOnly,
  isOutputOnly,
  isRequiredByService,
  type MethodDescription,
  messageComment,
  methodKind,
  type SchemaDescription,
  type ServiceDescription,
  serviceComment,
} from './describe/index.js';
export type {
  HttpRule,
  PathTemplate,
  PathValue,
  RouteMatch,
  RouteTable,
  SelectedRule,
} from './http/index.js';
export {
  assertNoRival,
  assertSelector,
  COMMON_METHODS,
  createRouteTable,
  fieldNames,
  fieldsInAddress,
  isTextMessage,
  isWholeValue,
  jsonBesideBody,
  maskOfBody,
  masksAsWritten,
  parsePathTemplate,
  patternOfRule,
  type QueryOptions,
  ROUTED_METHODS,
  requestJson,
} from './http/index.js';
export type { Schema } from './load/index.js';
export {
  baseServices,
  changedSchemaFromReflection,
  descriptorSetFromProtoFiles,
  descriptorSetFromReflection,
  descriptorSetFromSchema,
  descriptorSetSteps,
  type ReflectionCall,
  ReflectionEnded,
  type ReflectionOpen,
  type ReflectionOptions,
  type SchemaOptions,
  schemaFromDescriptorSet,
  schemaFromProtoFiles,
  schemaFromReflection,
  schemaWithRules,
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
