import { z } from 'zod';
import { assertSelector, patternOfRule } from '../../schema/index.js';
import { type BindingConfig, type HttpRuleConfig, ruleFromConfig, VERBS } from './configured-rules.js';
import { object } from './object.js';

// The rules of a service configuration: google.api.Http, in YAML or JSON. Its names may be written as in the proto or as in JSON.

/** What each name of the proto is in JSON, where the two differ. */
const SPELLINGS: Readonly<Record<string, string>> = {
  response_body: 'responseBody',
  additional_bindings: 'additionalBindings',
};

const path = z.string({ error: 'must be a path, such as /v1/books/{id}' });

const ownKeys = {
  ...Object.fromEntries(VERBS.map((verb) => [verb, path.optional()] as const)),
  custom: object({ kind: z.string({ error: 'must be an HTTP method, or "*"' }), path }).optional(),
  body: z.string({ error: 'must be "*" or a field of the request' }).optional(),
  response_body: z.string({ error: 'must be a field of the response' }).optional(),
  responseBody: z.string({ error: 'must be a field of the response' }).optional(),
};

const binding = object(ownKeys).superRefine(assertBinding);

const bindings = z.array(binding, {
  error: 'must be a list of rules without a selector',
});

/** One rule of `http.rules`. */
const httpRule = object({
  selector: z.string({ error: 'must be the full name of a method: pkg.Service.Method' }),
  ...ownKeys,
  additional_bindings: bindings.optional(),
  additionalBindings: bindings.optional(),
}).superRefine((rule: object, context) => {
  const { selector, ...paths } = rule as { selector: string };
  try {
    assertSelector(selector);
  } catch (error) {
    context.addIssue({ code: 'custom', path: ['selector'], message: (error as Error).message });
  }
  // A rule that is only a selector takes the paths of its methods away.
  if (Object.keys(paths).length > 0) assertBinding(paths, context);
});

/** The key `http` of the file. */
export const http = object({
  rules: z
    .array(httpRule, { error: 'must be a list of rules' })
    .transform((rules) => rules.map((rule) => respelled(rule) as HttpRuleConfig))
    .optional(),
  // What it may ask for is done anyway: of what is encoded only "%2F" stays, and only in a variable of several segments.
  fully_decode_reserved_expansion: z.boolean({ error: 'must be true or false' }).optional(),
  fullyDecodeReservedExpansion: z.boolean({ error: 'must be true or false' }).optional(),
}).transform(({ rules }) => ({ rules: rules as readonly HttpRuleConfig[] | undefined }));

/** What JSON Schema says of a rule beside its keys; `undefined` for what is none. */
export function ruleOfRules(schema: z.core.$ZodType): { readonly allOf: object[] } | undefined {
  if (schema !== (httpRule as z.core.$ZodType) && schema !== (binding as z.core.$ZodType)) return undefined;
  const oncePerName = Object.entries(SPELLINGS).map((names) => ({ not: { required: names } }));
  const paths: object[] = [...VERBS, 'custom'].map((name) => ({ required: [name] }));
  const none = { maxProperties: 1 };
  return {
    allOf: [...oncePerName, { oneOf: schema === (binding as z.core.$ZodType) ? paths : [...paths, none] }],
  };
}

/** What is wrong with a rule whatever methods there are. */
function assertBinding(rule: object, context: z.RefinementCtx): void {
  const issue = (key: string | undefined, message: string) =>
    context.addIssue({ code: 'custom', path: key === undefined ? [] : [key], message });
  for (const [name, other] of Object.entries(SPELLINGS)) {
    if (name in rule && other in rule) issue(name, `is the same as ${other}: leave one of them out`);
  }
  const [first, second] = [...VERBS, 'custom'].filter((name) => name in rule);
  if (second !== undefined) {
    issue(second, `stands beside ${first}: a second path belongs into additional_bindings`);
    return;
  }
  try {
    patternOfRule(ruleFromConfig(respelled(rule)));
  } catch (error) {
    // At the path, where there is one.
    issue(
      first,
      first === undefined
        ? `needs a path: ${(error as Error).message}`
        : `is wrong: ${(error as Error).message}`,
    );
  }
}

function respelled(rule: object): BindingConfig {
  return Object.fromEntries(
    Object.entries(rule)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [
        SPELLINGS[name] ?? name,
        Array.isArray(value) ? value.map((each: object) => respelled(each)) : value,
      ]),
  );
}
