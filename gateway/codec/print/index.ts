export { aloneFrom } from './alone.js';
export { printBase64 } from './base64.js';
export { checkWire } from './check.js';
export { printList, printMap, printSingular } from './fields.js';
export { generatePrintFields } from './generated.js';
export { invalidTextPath } from './invalid-text.js';
export { ITEM_END_TAG, ITEM_MESSAGE_TAG, ITEM_NUMBER_TAG, ITEM_TAG, printMessageSet } from './message-set.js';
export { printArranged, printFields, printGroup, printMessage, printNested } from './messages.js';
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
} from './scalars.js';
export { printText } from './text.js';
export { printDuration, printTimestamp } from './times.js';
export {
  printAny,
  printDynamicValue,
  printFieldMask,
  printFiniteDouble,
  printListValue,
  printStruct,
  printWrapper,
} from './well-known.js';
export {
  readClosedEnum,
  readFixed32,
  readFixed64,
  readGroup,
  readLength,
  readVarint,
  readVarint32,
} from './wire-values.js';
