export { GATEWAY_OPTIONS } from './gateway-options.js';
export { CLIENT_LIMITS, DEFAULT_LIMITS, LIMIT_OPTIONS, type Limits, resolveLimits } from './limit-options.js';
export { parseListen } from './listen-address.js';
export { didYouMean, nearest } from './nearest.js';
export {
  defaultOf,
  flagOf,
  MAX_WHOLE_NUMBER,
  type NumberOption,
  type OptionRow,
  type OptionTable,
  type OptionValue,
  type OptionValues,
  UNITS,
  variableOf,
} from './option.js';
export { allowedValues, assertNumber, isRatio, type OptionReading, readOptionText } from './read.js';
