import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { merged } from './merge.js';
import { idOf, type Manifest, type Resource } from './resource.js';

// As much of kustomize as our manifests use; what it does not know it refuses, so that no test passes on half a build.
// build.test.ts compares it with the real one where that is installed.

const KNOWN: Readonly<Record<string, readonly string[]>> = {
  kustomization: [
    'apiVersion',
    'kind',
    'namespace',
    'resources',
    'components',
    'labels',
    'images',
    'patches',
    'configMapGenerator',
  ],
  labels: ['pairs', 'includeSelectors'],
  images: ['name', 'newName', 'newTag'],
  patches: ['path'],
  configMapGenerator: ['name', 'namespace', 'files', 'options'],
  options: ['disableNameSuffixHash', 'labels'],
};
const CLUSTER_WIDE = ['Namespace'];

/** What `kubectl kustomize` prints for a folder, in the order of its files. `leaveOut`: components that are passed over, by the end of their path. */
export function buildOverlay(folder: string, leaveOut: readonly string[] = []): Resource[] {
  const hashed = new Set<Resource>();
  const resources = accumulate(folder, [], hashed, leaveOut);
  for (const resource of hashed) {
    const { name } = resource.metadata;
    resource.metadata.name = `${name}-${hashOf(resource)}`;
    for (const other of resources) renameVolume(other, name, resource.metadata.name);
  }
  const ids = resources.map(idOf);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new Error(`${folder}: ${twice} is there twice`);
  return resources;
}

/** All that a folder's kustomization makes of `given`, which is changed in place. */
function accumulate(
  folder: string,
  given: Resource[],
  hashed: Set<Resource>,
  leaveOut: readonly string[],
): Resource[] {
  const content = parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8'));
  assertKnown('kustomization', content);
  const resources = given;
  for (const path of content.resources ?? []) {
    const at = join(folder, path);
    if (statSync(at).isDirectory()) resources.push(...accumulate(at, [], hashed, leaveOut));
    else resources.push(...documentsOf(at));
  }
  for (const path of content.components ?? []) {
    if (leaveOut.some((name) => path.endsWith(name))) continue;
    accumulate(join(folder, path), resources, hashed, leaveOut);
  }
  for (const generator of content.configMapGenerator ?? []) {
    const map = configMapOf(folder, generator);
    resources.push(map);
    if (generator.options?.disableNameSuffixHash !== true) hashed.add(map);
  }
  for (const patch of content.patches ?? []) {
    assertKnown('patches', patch);
    for (const change of documentsOf(join(folder, patch.path))) applyPatch(resources, change);
  }
  for (const resource of resources) {
    if (content.namespace !== undefined) setNamespace(resource, content.namespace);
    for (const labels of content.labels ?? []) {
      assertKnown('labels', labels);
      if (labels.includeSelectors !== false) throw new Error('labels must leave selectors alone');
      resource.metadata.labels = { ...resource.metadata.labels, ...labels.pairs };
    }
    for (const image of content.images ?? []) {
      assertKnown('images', image);
      setImage(resource, image);
    }
  }
  return resources;
}

function documentsOf(file: string): Resource[] {
  return parseAllDocuments(readFileSync(file, 'utf8')).map((document) => {
    if (document.errors.length > 0) throw new Error(`${file}: ${document.errors[0]}`);
    return document.toJS() as Resource;
  });
}

function assertKnown(what: string, value: Record<string, Manifest>): void {
  for (const name of Object.keys(value)) {
    if (!KNOWN[what]?.includes(name)) throw new Error(`${what}: ${name} is not known here`);
  }
}

function applyPatch(resources: Resource[], patch: Resource): void {
  const index = resources.findIndex((resource) => idOf(resource) === idOf(patch));
  const found = resources[index];
  if (found === undefined) throw new Error(`a patch for ${idOf(patch)}, which is not there`);
  resources[index] = merged(found.kind, found, patch);
}

function configMapOf(folder: string, generator: Manifest): Resource {
  assertKnown('configMapGenerator', generator);
  const { name, namespace, files = [], options = {} } = generator;
  assertKnown('options', options);
  const data = files.map((file: string) => {
    const [key, path] = file.includes('=') ? file.split('=', 2) : [file.split('/').at(-1), file];
    return [key, readFileSync(join(folder, path ?? ''), 'utf8')];
  });
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, ...(options.labels && { labels: options.labels }) },
    data: Object.fromEntries(data),
  };
}

/** Ten letters of the SHA-256 of what the map holds, some of them exchanged so that no word comes out. The name does not count. */
function hashOf({ kind, data }: Resource): string {
  const text = JSON.stringify({ data, kind, name: '' }).replace(
    /[<>&\u2028\u2029]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const exchanged: Readonly<Record<string, string>> = { 0: 'g', 1: 'h', 3: 'k', a: 'm', e: 't' };
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 10);
  return digest.replace(/[013ae]/g, (letter) => exchanged[letter] as string);
}

function renameVolume({ kind, spec }: Resource, from: string, to: string): void {
  if (kind !== 'Deployment') return;
  for (const { configMap } of spec.template.spec.volumes ?? []) {
    if (configMap?.name === from) configMap.name = to;
  }
}

function setNamespace(resource: Resource, namespace: string): void {
  if (!CLUSTER_WIDE.includes(resource.kind)) resource.metadata.namespace = namespace;
}

function setImage({ kind, spec }: Resource, { name, newName = name, newTag }: Manifest): void {
  if (kind !== 'Deployment') return;
  for (const container of spec.template.spec.containers) {
    if (container.image.split(':')[0] === name) container.image = `${newName}:${newTag}`;
  }
}
