import { didYouMean, nearest } from '../../options/index.js';
import {
  copyOfMethod,
  createRouteTable,
  type Method,
  recordingRule,
  resumeFromNames,
  type Schema,
  schemaWithRules,
  slowReaderRule,
} from '../../schema/index.js';
import { accessRule, problemsOfAccess } from './configured-access.js';
import { type HttpRuleConfig, selectedRules } from './configured-rules.js';
import type { GatewayConfig, MethodConfig } from './content.js';

/**
 * The schema with what is configured for its methods, which wins over what the proto says. What does not fit the schema is told to
 * `warn`, or is one of its problems where it is about paths: a schema that is learnt from a service may change, and a method that is gone
 * is no reason not to serve the others.
 */
export function configuredSchema(
  learnt: Schema,
  config: GatewayConfig,
  warn: (problem: string) => void,
): Schema {
  const schema = configuredMethods(learnt, config, warn);
  for (const problem of problemsOfAccess(schema.methods.values(), config)) warn(problem);
  return schema;
}

function configuredMethods(
  learnt: Schema,
  { methods: configured = {}, http }: GatewayConfig,
  warn: (problem: string) => void,
): Schema {
  const schema = withRules(learnt, http?.rules ?? []);
  const entries = Object.entries(configured);
  if (entries.length === 0) return schema;
  for (const [name] of entries) warnOfUnknown(name, schema, warn);
  const settings = new Map(entries);
  const methods = new Map<string, Method>();
  for (const [path, method] of schema.methods) {
    const name = path.slice(1);
    const exact = settings.get(name);
    const ofService = settings.get(`${method.service}/*`);
    const configuredMethod = withSettings(method, { ...ofService, ...exact }, (key, problem) => {
      // A rule for a whole service is for those of its methods that it can be for.
      if (exact?.[key] !== undefined || method.responseStream)
        warn(`methods.${JSON.stringify(name)}: ${key}: ${problem}`);
    });
    methods.set(path, configuredMethod);
  }
  return { ...schema, methods, routes: createRouteTable(methods) };
}

function withRules(schema: Schema, rules: readonly HttpRuleConfig[]): Schema {
  if (rules.length === 0) return schema;
  return schemaWithRules(schema, selectedRules(rules), (number) => `http.rules.${number}`, didYouMean);
}

function withSettings(
  method: Method,
  { slowReader, stream, recording, access }: MethodConfig,
  report: (key: keyof MethodConfig, problem: string) => void,
): Method {
  if ((slowReader ?? stream ?? recording ?? access) === undefined) return method;
  return {
    ...copyOfMethod(method),
    ...(access && { access: accessRule(access) }),
    ...(slowReader && {
      slowReader: slowReaderRule(slowReader, method, (problem) =>
        report('slowReader', `${problem}; the service waits`),
      ),
    }),
    ...(stream && { resume: configuredResume(method, stream, (problem) => report('stream', problem)) }),
    ...(recording && {
      recording: recordingRule(recording, method, (problem) =>
        report('recording', `${problem}; its calls are not recorded`),
      ),
    }),
  };
}

function configuredResume(
  method: Method,
  stream: NonNullable<MethodConfig['stream']>,
  report: (problem: string) => void,
): Method['resume'] {
  const reportIgnored = (problem: string) => report(`${problem}; it does not resume`);
  if (method.responseStream) return resumeFromNames(stream, method, reportIgnored);
  reportIgnored('the method does not stream its responses');
  return undefined;
}

function warnOfUnknown(
  name: string,
  { methods, serviceNames }: Schema,
  warn: (problem: string) => void,
): void {
  const service = name.slice(0, name.lastIndexOf('/'));
  const wildcard = name.endsWith('/*');
  const known = wildcard ? serviceNames.includes(service) : methods.has(`/${name}`);
  if (known) return;
  const names = wildcard
    ? serviceNames.map((each) => `${each}/*`)
    : [...methods.keys()].map((path) => path.slice(1));
  const meant = nearest(name, names);
  const hint = meant === undefined ? '' : `, did you mean ${meant}?`;
  warn(`methods.${JSON.stringify(name)}: the schema has no such ${wildcard ? 'service' : 'method'}${hint}`);
}
