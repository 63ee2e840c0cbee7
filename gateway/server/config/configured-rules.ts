import type { HttpRule, SelectedRule } from '../../schema/index.js';

// Apart from what reads the file: a gateway without one does not load that.

/** The HTTP methods that have a name of their own in google.api.HttpRule. */
export const VERBS = ['get', 'put', 'post', 'delete', 'patch'] as const;

/** A rule, or one of its additional bindings, as JSON spells it. */
export interface BindingConfig extends Partial<Record<(typeof VERBS)[number], string>> {
  readonly custom?: { readonly kind: string; readonly path: string };
  readonly body?: string;
  readonly responseBody?: string;
}

/** The paths of methods, in place of those that their proto says: google.api.HttpRule. */
export interface HttpRuleConfig extends BindingConfig {
  /** `pkg.Service.Method`; the last part may be `*`; several with commas between them. */
  readonly selector: string;
  readonly additionalBindings?: readonly BindingConfig[];
}

/** The rules as the schema takes them. */
export function selectedRules(rules: readonly HttpRuleConfig[]): SelectedRule[] {
  return rules.map(({ selector, ...rule }) => ({
    selector,
    rule: Object.keys(rule).length === 0 ? undefined : ruleFromConfig(rule),
  }));
}

/** A rule as the proto has it. */
export function ruleFromConfig(
  config: BindingConfig & Pick<Partial<HttpRuleConfig>, 'additionalBindings'>,
): HttpRule {
  const { custom, body = '', responseBody = '', additionalBindings = [] } = config;
  const [verb] = VERBS.filter((name) => config[name] !== undefined);
  const pattern: HttpRule['pattern'] =
    verb !== undefined
      ? { case: verb, value: config[verb] ?? '' }
      : custom === undefined
        ? { case: undefined }
        : { case: 'custom', value: custom };
  return {
    pattern,
    body,
    responseBody,
    additionalBindings: additionalBindings.map((each) => ruleFromConfig(each)),
  };
}
