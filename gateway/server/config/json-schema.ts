import { z } from 'zod';
import { CLIENT_LIMITS } from '../../options/index.js';
import { contentOf, type FileSections, POLICIES, slowReader } from './content.js';
import { ruleOfRules } from './http-rules.js';

/** The JSON Schema (draft-07, which editors know best) of a configuration file with these sections. */
export function jsonSchemaOf(sections: FileSections): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(contentOf(sections), {
    target: 'draft-7',
    io: 'input',
    override({ zodSchema, jsonSchema }) {
      if (zodSchema === (slowReader as z.core.$ZodType)) jsonSchema.allOf = policyRules();
      Object.assign(jsonSchema, ruleOfRules(zodSchema));
    },
  });
  return {
    title: 'Configuration file of Sluice',
    ...schema,
    allOf: Object.keys(CLIENT_LIMITS).map(onlyOnce),
  };
}

/** What a policy does not take is refused, and a policy that needs a key must have it. */
function policyRules() {
  const all = [...new Set(Object.values(POLICIES).flat())];
  return Object.entries(POLICIES).map(([policy, takes]) => ({
    if: { properties: { policy: { const: policy } }, required: ['policy'] },
    // biome-ignore lint/suspicious/noThenProperty: a word of JSON Schema
    then: {
      properties: Object.fromEntries(
        all.filter((name) => !takes.includes(name)).map((name) => [name, false]),
      ),
      ...(takes.includes('key') ? { required: ['key'] } : {}),
    },
  }));
}

/** `limits` and `gateway` do not both set the same. */
function onlyOnce(name: string) {
  const has = { required: [name] };
  return { not: { properties: { limits: has, gateway: has }, required: ['limits', 'gateway'] } };
}
