export { JsonFault, Parser } from './parser.js';
export {
  DIRECT_TAGS,
  type EnumPlan,
  FieldPlan,
  fieldOfTag,
  type KeyPlan,
  type Kind,
  MessagePlan,
  type ParseField,
  type ParseMessage,
  type ParseValue,
  type PrintField,
  type PrintMessage,
  type PrintValue,
  type ReadValue,
} from './plan.js';
export { DISORDER, Printer } from './printer.js';
