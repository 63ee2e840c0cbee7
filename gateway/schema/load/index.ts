export { baseServices } from './base-methods.js';
export { readDescriptorSet, type SchemaOptions, schemaFromDescriptorSet } from './descriptor-set.js';
export { descriptorSetFromProtoFiles, schemaFromProtoFiles } from './proto-files.js';
export {
  changedSchemaFromReflection,
  descriptorSetFromReflection,
  type ReflectionOptions,
  schemaFromReflection,
} from './reflection.js';
export { type ReflectionCall, ReflectionEnded, type ReflectionOpen } from './reflection-call.js';
export { sameServices } from './same-services.js';
export type { Schema } from './schema.js';
export { descriptorSetFromSchema, descriptorSetSteps, schemaFileSteps } from './schema-files.js';
export { schemaWithRules } from './schema-with-rules.js';
