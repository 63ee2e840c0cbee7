export { breakingChangeSteps, breakingChanges, type SchemaChange } from './breaking-changes.js';
