export {
  compareMoments,
  type Moment,
  momentFromMillis,
  momentFromTimestamp,
  timestampFromMoment,
} from './moment.js';
export { assertName, assertShort, MAX_NAME_LENGTH } from './names.js';
export { bytesFromJson, jsonFromBytes, sharedJsonFromBytes } from './records.js';
