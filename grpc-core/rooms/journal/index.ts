export {
  Journal,
  type JournalOptions,
  type Machine,
  SNAPSHOT_INTERVAL,
  type Step,
  type Version,
} from './journal.js';
export { Turns } from './turns.js';
