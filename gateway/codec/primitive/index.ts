export { ByteWriter, COPIED_BYTES } from './byte-writer.js';
export {
  DURATION_SECONDS_MAX,
  dateFromDay,
  dayFromDate,
  SECONDS_PER_DAY,
  TIMESTAMP_SECONDS_MAX,
  TIMESTAMP_SECONDS_MIN,
} from './calendar.js';
export { digestOf } from './digest.js';
export { KeyList } from './key-list.js';
export { varint } from './varint.js';
export { INVALID_TEXT, MAX_DEPTH, WireFault, WireReader, WireType, wireError } from './wire-reader.js';
