import type { JsonPath } from './json-value.js';

export interface FieldProblem {
  readonly path: JsonPath;
  /** What the gateway would say of it. */
  readonly text: string;
  /** Only the service might refuse it, so the request can be sent. */
  readonly isAdvice: boolean;
}
