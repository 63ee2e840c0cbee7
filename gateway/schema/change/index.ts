export { breakingChanges, type SchemaChange } from './breaking-changes.js';
