export { printBase64 } from './base64.js';
export { checkWire } from './check.js';
export { generatePrintFields } from './generate-print.js';
export { invalidTextPath } from './invalid-text.js';
export { printList, printMap, printSingular } from './print-fields.js';
export {
  ITEM_END_TAG,
  ITEM_MESSAGE_TAG,
  ITEM_NUMBER_TAG,
  ITEM_TAG,
  printMessageSet,
} from './print-message-set.js';
export { printArranged, printFields, printGroup, printMessage, printNested } from './print-messages.js';
export {
  printBool,
  printDoubleValue,
  printEnum,
  printFloatValue,
  printInt32,
  printInt64,
  printNull,
  printSint32,
  printSint64,
  printUint32,
  printUint64,
} from './print-scalars.js';
export { singleFieldPrinter } from './print-single-field.js';
export { printText } from './print-text.js';
export { printDuration, printTimestamp } from './print-times.js';
export {
  printAny,
  printDynamicValue,
  printFieldMask,
  printFiniteDouble,
  printListValue,
  printStruct,
  printWrapper,
} from './print-well-known.js';
export {
  readClosedEnum,
  readFixed32,
  readFixed64,
  readGroup,
  readLength,
  readVarint,
  readVarint32,
} from './wire-values.js';
