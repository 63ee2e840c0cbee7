export {
  describeSchema,
  type HttpDescription,
  type MethodDescription,
  type SchemaDescription,
  type ServiceDescription,
} from './describe.js';
