import { assertRouted } from './http-methods.js';
import { parsePathTemplate } from './path-template.js';

/** google.api.HttpRule, as @bufbuild/protobuf holds it. */
export interface HttpRule {
  readonly pattern:
    | { readonly case: 'get' | 'put' | 'post' | 'delete' | 'patch'; readonly value: string }
    | { readonly case: 'custom'; readonly value: { readonly kind: string; readonly path: string } }
    | { readonly case: undefined };
  readonly body: string;
  readonly responseBody: string;
  readonly additionalBindings: readonly HttpRule[];
}

/** One path of a rule, whatever the method has for fields. */
export interface HttpPattern {
  /** Upper case; "*" for any. */
  readonly httpMethod: string;
  readonly template: string;
}

/** What requests a rule itself is for, without its additional bindings. Throws an `Error` that says why no request could ever be. */
export function patternOfRule({ pattern, body }: HttpRule): HttpPattern {
  if (pattern.case === undefined) throw new Error('one of get, put, post, delete, patch or custom is needed');
  const custom = pattern.case === 'custom';
  const httpMethod = custom ? pattern.value.kind.toUpperCase() : pattern.case.toUpperCase();
  if (httpMethod !== '*') assertRouted(httpMethod);
  const template = custom ? pattern.value.path : pattern.value;
  parsePathTemplate(template);
  if (body !== '' && (httpMethod === 'GET' || httpMethod === 'HEAD')) {
    throw new Error(`${httpMethod} has no body; remove body: "${body}"`);
  }
  return { httpMethod, template };
}

/** `"GET /v1/x"`, for people. */
export function ruleName({ pattern }: HttpRule): string {
  if (pattern.case === undefined) return 'without a path';
  if (pattern.case === 'custom') return `"${pattern.value.kind} ${pattern.value.path}"`;
  return `"${pattern.case.toUpperCase()} ${pattern.value}"`;
}
