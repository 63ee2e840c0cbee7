export { enumComment, fieldComment, messageComment, serviceComment } from './comments.js';
export {
  describeSchema,
  descriptionSteps,
  type HttpDescription,
  type MethodDescription,
  methodKind,
  type SchemaDescription,
  type ServiceDescription,
} from './describe.js';
export { exampleJson } from './example.js';
export { isInputOnly, isOutputOnly, isRequiredByService } from './field-behavior.js';
