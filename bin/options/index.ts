export { CALL_COMMAND, COMPLETION_COMMAND, LIST_COMMAND, SHELLS, TOP_COMMAND } from './call-table.js';
export {
  CORE_COMMAND,
  type CommandOption,
  type CommandTable,
  FILE_SECTIONS,
  GATEWAY_COMMAND,
  START_COMMAND,
} from './command-table.js';
export { DESCRIBE_COMMAND, TYPES_COMMAND } from './describe-table.js';
export { unknownVariables } from './environment.js';
export { type Origin, oneLine, originText } from './origin.js';
export { readBounded } from './read-file.js';
export { assertTogether } from './rules.js';
export { faultOf, nameOf, readConfigFile, readSettings, type Settings } from './settings.js';
export { SettingsError, UsageError } from './settings-error.js';
export { defaultInWords, placeholderOf } from './words.js';
