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
export { isInputOnly, isOutputOnly, isRequiredByService } from './field-behavior.js';
