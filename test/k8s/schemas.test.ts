import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import t from 'tap';
import { builds } from './overlays.js';
import { idOf, type Manifest, type Resource } from './resource.js';

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`schemas/${name}`, import.meta.url), 'utf8')) as Manifest;
const { kinds, definitions } = read('kubernetes.json');

/** Kubernetes reads patterns as Go does, where one may say within it that letters are of any case. */
const regExp = Object.assign(
  (pattern: string, flags: string) =>
    pattern.includes('(?i)')
      ? new RegExp(pattern.replace('(?i)', ''), `${flags}i`)
      : new RegExp(pattern, flags),
  { code: 'new RegExp' },
);

const ajv = new Ajv({ strict: false, allErrors: true, code: { regExp } });
ajv.addFormat('int32', { type: 'number', validate: (value) => Math.abs(value) < 2 ** 31 });
ajv.addFormat('int64', { type: 'number', validate: Number.isSafeInteger });
ajv.addFormat('double', true);
ajv.addFormat('byte', /^[A-Za-z0-9+/]*={0,2}$/);
ajv.addFormat('date-time', true);
ajv.addFormat('quantity', /^[+-]?(?:\d+|\d+\.\d+)(?:[KMGTPE]i|[munkMGTPE]|[eE][+-]?\d+)?$/);
ajv.addSchema({ $id: 'kubernetes', definitions });

const validators = new Map([
  ...Object.entries(kinds as Record<string, { $ref: string }>).map(
    ([kind, { $ref }]) => [kind, ajv.compile({ $ref: `kubernetes${$ref}` })] as const,
  ),
  ['http.keda.sh/v1beta1 InterceptorRoute', ajv.compile(read('interceptor-route.json'))] as const,
]);

/** What is wrong with it, one text for each mistake. */
function mistakesOf(resource: Resource): string[] {
  const validate = validators.get(`${resource.apiVersion} ${resource.kind}`);
  if (validate === undefined) return [`no schema for ${resource.apiVersion} ${resource.kind}`];
  if (validate(resource)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

/** Every object within, with the way to it; the maps of a user's own names left out. */
function* objectsOf(value: Manifest, way = ''): Generator<readonly [string, Record<string, Manifest>]> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield [way, value];
  for (const [name, item] of Object.entries(value)) {
    if (['labels', 'annotations', 'matchLabels', 'selector', 'data', 'limits', 'requests'].includes(name)) {
      if (name !== 'selector' || !('matchLabels' in (item as object))) continue;
    }
    // A trigger of KEDA says what its scaler wants to know.
    if (name === 'metadata' && way.includes('triggers')) continue;
    yield* objectsOf(item, `${way}/${name}`);
  }
}

for (const [name, resources] of Object.entries(builds())) {
  t.test(`${name}: every object fits the schema of its kind`, (t) => {
    t.ok(resources.length >= 6);
    for (const resource of resources) t.same(mistakesOf(resource), [], idOf(resource));
    t.end();
  });

  t.test(`${name}: a field that there is not is refused wherever it stands`, (t) => {
    let tried = 0;
    for (const resource of resources) {
      for (const [way, object] of objectsOf(resource)) {
        object.notAField = 'x';
        if (mistakesOf(resource).length === 0) t.fail(`${idOf(resource)}: ${way} takes anything`);
        delete object.notAField;
        tried += 1;
      }
    }
    t.ok(tried > 50);
    t.end();
  });
}

t.test('a value of another type, a wrong word and a field too few are refused', (t) => {
  const { production } = builds();
  const spoiled = (kind: string, spoil: (resource: Manifest) => void) => {
    const resource = structuredClone(production.find((resource) => resource.kind === kind)) as Resource;
    spoil(resource);
    t.not(mistakesOf(resource).length, 0, `${kind}: ${spoil}`);
  };
  spoiled('Deployment', ({ spec }) => {
    spec.template.spec.terminationGracePeriodSeconds = '80';
  });
  spoiled('Deployment', ({ spec }) => {
    spec.template.spec.containers[0].resources.limits.memory = '3 GB';
  });
  spoiled('HorizontalPodAutoscaler', ({ spec }) => {
    delete spec.maxReplicas;
  });
  spoiled('NetworkPolicy', ({ spec }) => {
    spec.podSelector = 'all';
  });
  spoiled('HTTPRoute', ({ spec }) => {
    spec.rules[0].timeouts.request = 'never';
  });
  spoiled('ServiceMonitor', ({ spec }) => {
    spec.endpoints[0].scheme = 'ftp';
  });
  t.same(mistakesOf({ ...(production[0] as Resource), apiVersion: 'v2' }), ['no schema for v2 Namespace']);
  t.end();
});
