export { SchemaError } from './schema-error.js';
export { ProblemList, SchemaProblem } from './schema-problem.js';
