import { createRouteTable, RuleSelection, type SelectedRule } from '../http/index.js';
import { ProblemList, SchemaProblem } from '../problem/index.js';
import { grpcPath, methodsFromServices } from './methods.js';
import type { Schema } from './schema.js';

/**
 * The schema with these rules in place of those that the proto has for the same methods. What does not fit the schema is among its problems;
 * `placeOf` says where a rule is written, `advice` what may be meant by the name of a method that there is not. The selectors must be valid.
 */
export function schemaWithRules(
  schema: Schema,
  rules: readonly SelectedRule[],
  placeOf: (number: number) => string,
  advice: (name: string, names: readonly string[]) => string,
): Schema {
  const problems = new ProblemList();
  for (const problem of schema.sourceProblems) problems.add(problem);
  const selection = new RuleSelection(rules);
  const methods = methodsFromServices(
    schema.services,
    schema.registry,
    (desc) => !schema.methods.has(grpcPath(desc)),
    problems,
    {
      ruleFor({ parent, name }) {
        const number = selection.numberOf(`${parent.typeName}.${name}`);
        return number === undefined ? undefined : { rule: rules[number]?.rule, place: placeOf(number) };
      },
    },
  );
  const names = [...schema.methods.keys(), ...schema.leftOut.keys()].map(selectorOf);
  for (const { pattern, number } of selection.unused(names)) {
    const hint = pattern.endsWith('*') ? '' : advice(pattern, names);
    const reason = `${placeOf(number)}: the selector fits no method of the schema${hint}`;
    problems.add(new SchemaProblem(pattern, reason));
  }
  return { ...schema, methods, routes: createRouteTable(methods), problems: problems.list() };
}

/** "/pkg.Service/Method" is "pkg.Service.Method" in a service configuration. */
function selectorOf(path: string): string {
  return path.slice(1).replace('/', '.');
}
