export { parseBoolKey, parseList, parseMap, parseSingular } from './fields.js';
export { generateParseMember } from './generated.js';
export { parseAlone, parseGroup, parseMember, parseMessage, parseNested } from './messages.js';
export { pathOf } from './path.js';
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
} from './scalars.js';
export { parseBase64, parseText } from './text.js';
export { parseDuration, parseTimestamp } from './times.js';
export { peek, unexpected } from './tokens.js';
export { parseAny, parseDynamicValue, parseFieldMask, parseOnly, parseWrapper } from './well-known.js';
