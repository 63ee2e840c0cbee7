export { scannedField } from './check-set.js';
export { FieldCursor, NotPlain } from './field-cursor.js';
export { scanSteps } from './scan-set.js';
export type {
  ScannedField,
  ScannedFile,
  ScannedMethod,
  ScannedService,
  ScannedSet,
  ScannedType,
} from './scanned.js';
