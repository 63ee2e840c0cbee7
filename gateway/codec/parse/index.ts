export { generateParseMember } from './generate-parse.js';
export { parseBoolKey, parseList, parseMap, parseSingular } from './parse-fields.js';
export { parseGroup, parseMember, parseMessage, parseNested, parseSingleField } from './parse-messages.js';
export {
  parseBool,
  parseDouble,
  parseEnum,
  parseFixed32,
  parseFixed64,
  parseFloat32,
  parseInt32,
  parseInt64,
  parseNull,
  parseSfixed32,
  parseSfixed64,
  parseSint32,
  parseSint64,
  parseUint32,
  parseUint64,
} from './parse-scalars.js';
export { parseBase64, parseText } from './parse-text.js';
export { parseDuration, parseTimestamp } from './parse-times.js';
export { parseAny, parseDynamicValue, parseFieldMask, parseOnly, parseWrapper } from './parse-well-known.js';
export { pathOf } from './path.js';
export { peek, unexpected } from './tokens.js';
