// Makes kubernetes.json again: node test/k8s/schemas/extract.mjs FOLDER, where FOLDER has in node_modules the packages that SOURCES names
// (`npm install --ignore-scripts` there; they want Node 22 to run, so they are no dependencies of ours). They have each schema as a compiled
// function; this reads the JSON Schema back from it. What it does not understand ends it.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const SOURCES = [
  'kubernetes-models@5.1.0',
  '@kubernetes-models/gateway-api@2.0.0',
  '@kubernetes-models/keda@2.0.0',
  '@kubernetes-models/prometheus-operator@6.0.0',
];
const [KUBERNETES, GATEWAY_API, KEDA, PROMETHEUS] = [
  'kubernetes-models/_schemas/IoK8sApi',
  '@kubernetes-models/gateway-api/_schemas/IoK8sSigsGatewayApiApis',
  '@kubernetes-models/keda/_schemas/ComGithubKedacoreKedaV2ApisKeda',
  '@kubernetes-models/prometheus-operator/_schemas/ComGithubPrometheusOperatorPrometheusOperatorPkgApisMonitoring',
];
const KINDS = {
  'apps/v1 Deployment': `${KUBERNETES}AppsV1Deployment`,
  'autoscaling/v2 HorizontalPodAutoscaler': `${KUBERNETES}AutoscalingV2HorizontalPodAutoscaler`,
  'gateway.networking.k8s.io/v1 BackendTLSPolicy': `${GATEWAY_API}V1BackendTLSPolicy`,
  'gateway.networking.k8s.io/v1 HTTPRoute': `${GATEWAY_API}V1HTTPRoute`,
  'gateway.networking.k8s.io/v1 ReferenceGrant': `${GATEWAY_API}V1ReferenceGrant`,
  'gateway.networking.k8s.io/v1beta1 ReferenceGrant': `${GATEWAY_API}V1beta1ReferenceGrant`,
  'keda.sh/v1alpha1 ScaledObject': `${KEDA}V1alpha1ScaledObject`,
  'monitoring.coreos.com/v1 PrometheusRule': `${PROMETHEUS}V1PrometheusRule`,
  'monitoring.coreos.com/v1 ServiceMonitor': `${PROMETHEUS}V1ServiceMonitor`,
  'networking.k8s.io/v1 Ingress': `${KUBERNETES}NetworkingV1Ingress`,
  'networking.k8s.io/v1 NetworkPolicy': `${KUBERNETES}NetworkingV1NetworkPolicy`,
  'policy/v1 PodDisruptionBudget': `${KUBERNETES}PolicyV1PodDisruptionBudget`,
  'v1 ConfigMap': `${KUBERNETES}CoreV1ConfigMap`,
  'v1 Namespace': `${KUBERNETES}CoreV1Namespace`,
  'v1 PersistentVolumeClaim': `${KUBERNETES}CoreV1PersistentVolumeClaim`,
  'v1 Secret': `${KUBERNETES}CoreV1Secret`,
  'v1 Service': `${KUBERNETES}CoreV1Service`,
  'v1 ServiceAccount': `${KUBERNETES}CoreV1ServiceAccount`,
};
const BOUNDS = ['maxItems', 'maxLength', 'maxProperties', 'maximum', 'minItems', 'minLength', 'minimum'];

const modules = resolve(process.argv[2] ?? '.', 'node_modules');
const definitions = {};

/** The `$ref` of a file; reads the file the first time. */
function refOf(file) {
  const path = file.endsWith('.js') ? file : `${file}.js`;
  const name = /_schemas\/(?:IoK8s|ComGithub)?(\w+)\.js$/.exec(path)[1];
  if (!(name in definitions)) {
    definitions[name] = {};
    definitions[name] = schemaOfFile(path);
  }
  return { $ref: `#/definitions/${name}` };
}

function schemaOfFile(path) {
  const text = readFileSync(path, 'utf8');
  const imported = new Map();
  for (const [, number, from] of text.matchAll(/import\{validate as validate(\d+)\}from"([^"]+)"/g)) {
    imported.set(number, from.startsWith('.') ? join(dirname(path), from) : join(modules, from));
  }
  const enums = new Map([...text.matchAll(/let (schema\d+_enum)=(\[[^\]]*\]);/g)].map(([, a, b]) => [a, b]));
  const bodies = new Map();
  for (const part of text.split(/function validate(?=\d+\(data,)/).slice(1)) {
    bodies.set(/^\d+/.exec(part)[0], part);
  }
  const schemaOf = (number) => {
    if (imported.has(number)) return refOf(imported.get(number));
    return schemaOfBody(bodies.get(number), number, schemaOf, enums);
  };
  return schemaOf(/export const validate=validate(\d+);/.exec(text)[1]);
}

function schemaOfBody(body, own, schemaOf, enums) {
  const schema = {};
  const type = /keyword:"type",params:\{type:("[a-z]+"|\[[^\]]*\])/.exec(body)?.[1];
  if (type !== undefined) schema.type = JSON.parse(type);
  const required = [...body.matchAll(/params:\{missingProperty:"([^"]+)"\}/g)].map(([, name]) => name);
  if (required.length > 0) schema.required = required;
  const keywords = [
    ...body.matchAll(/keyword:"(\w+)",params:\{(?:comparison:"..",)?\w+:(.*?)\}\};null===vErrors/g),
  ];
  for (const [, keyword, value] of keywords) {
    if (keyword === 'type' || keyword === 'required' || keyword === 'oneOf') continue;
    if (keyword === 'enum') schema.enum = JSON.parse(enums.get(value));
    else if (keyword === 'pattern' || keyword === 'format' || BOUNDS.includes(keyword)) {
      schema[keyword] = JSON.parse(value);
    } else throw new Error(`what is ${keyword}?`);
  }
  const refs = [];
  for (const [, number, at] of body.matchAll(
    /validate(\d+)\((data(?:\.\w+|\["[^"]+"\]|\[i0\]|\[key0\])?),\{/g,
  )) {
    if (number === own) continue;
    if (at === 'data') refs.push(schemaOf(number));
    else if (at === 'data[i0]') schema.items = schemaOf(number);
    else if (at === 'data[key0]') schema.additionalProperties = schemaOf(number);
    else {
      schema.properties ??= {};
      schema.properties[/\w[\w$-]*(?="?\]?$)/.exec(at.slice(4))[0]] = schemaOf(number);
    }
  }
  // A field that the schema does not name is refused, as `kubectl apply --validate=strict` does.
  if (schema.properties !== undefined) schema.additionalProperties = false;
  if (refs.length === 0) return schema;
  if (body.includes('keyword:"oneOf"')) return { anyOf: refs };
  if (refs.length === 1 && schema.properties === undefined) return refs[0];
  // An object that has the fields of others beside its own.
  const parts = [schema, ...refs.map(({ $ref }) => definitions[$ref.split('/').at(-1)])];
  return {
    ...schema,
    required: parts.flatMap(({ required = [] }) => required),
    properties: Object.assign({}, ...parts.map(({ properties }) => properties)),
    additionalProperties: false,
  };
}

const kinds = Object.fromEntries(
  Object.entries(KINDS).map(([kind, path]) => [kind, refOf(join(modules, path))]),
);
// What is in no manifest, and large.
for (const { $ref } of Object.values(kinds)) delete definitions[$ref.split('/').at(-1)].properties.status;
const used = new Set();
(function walk(value) {
  if (typeof value !== 'object' || value === null) return;
  const name = value.$ref?.split('/').at(-1);
  if (name !== undefined && !used.has(name)) {
    used.add(name);
    walk(definitions[name]);
  }
  for (const item of Object.values(value)) walk(item);
})(kinds);
const sorted = [...used].sort().map((name) => [name, definitions[name]]);
const lines = (entries) =>
  `{\n${entries.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`).join(',\n')}\n}`;
writeFileSync(
  new URL('kubernetes.json', import.meta.url),
  `{\n"$comment": ${JSON.stringify(`From ${SOURCES.join(', ')} (MIT, see LICENSE) by extract.mjs`)},\n` +
    `"kinds": ${lines(Object.entries(kinds))},\n"definitions": ${lines(sorted)}\n}\n`,
);
