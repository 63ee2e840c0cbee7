import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { parseAllDocuments } from 'yaml';
import { buildOverlay } from './kustomize.js';
import { builds, FOLDERS } from './overlays.js';
import { idOf, type Resource } from './resource.js';

const run = promisify(execFile);

/** The real one, where it is installed: alone, or as a part of kubectl. */
async function realKustomize(): Promise<((folder: string) => Promise<Resource[]>) | undefined> {
  for (const command of [
    ['kustomize', 'build'],
    ['kubectl', 'kustomize'],
  ]) {
    const [file = '', verb = ''] = command;
    try {
      await run(file, [verb, FOLDERS.base]);
    } catch {
      continue;
    }
    return async (folder) => {
      const { stdout } = await run(file, [verb, folder]);
      return parseAllDocuments(stdout).map((document) => document.toJS() as Resource);
    };
  }
  return undefined;
}

const byId = (resources: readonly Resource[]) => [...resources].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));

t.test('the builder of these tests makes what kustomize makes', async (t) => {
  const real = await realKustomize();
  if (real === undefined) return t.pass('neither kustomize nor kubectl is installed here');
  for (const [name, resources] of Object.entries(builds())) {
    const expected = await real(FOLDERS[name as keyof typeof FOLDERS]);
    t.same(byId(resources), byId(expected), name);
  }
});

t.test('what the builder does not know it refuses', (t) => {
  const folder = t.testdir();
  const map = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: {}\n';
  const refused = (kustomization: string, message: RegExp, files: Record<string, string> = {}) => {
    for (const [name, text] of Object.entries({ 'map.yaml': map, ...files }))
      writeFileSync(join(folder, name), text);
    writeFileSync(join(folder, 'kustomization.yaml'), `resources: [map.yaml]\n${kustomization}`);
    t.throws(() => buildOverlay(folder), { message });
  };
  refused('replicas: []', /kustomization: replicas is not known here/);
  refused('patches: [{ path: p.yaml, target: { kind: ConfigMap } }]', /patches: target/);
  refused('labels: [{ pairs: { a: b }, includeTemplates: true }]', /labels: includeTemplates/);
  refused('labels: [{ pairs: { a: b } }]', /leave selectors alone/);
  refused('configMapGenerator: [{ name: b, literals: [c=d] }]', /configMapGenerator: literals/);
  refused('patches: [{ path: p.yaml }]', /which is not there/, {
    'p.yaml': map.replace('name: a', 'name: b'),
  });
  refused('patches: [{ path: p.yaml }]', /\$patch: delete/, { 'p.yaml': `${map}$patch: delete\n` });
  mkdirSync(join(folder, 'sub'));
  writeFileSync(join(folder, 'sub/map.yaml'), map);
  writeFileSync(join(folder, 'sub/kustomization.yaml'), 'resources: [map.yaml]\n');
  writeFileSync(join(folder, 'kustomization.yaml'), 'resources: [map.yaml, sub]\n');
  t.throws(() => buildOverlay(folder), { message: /is there twice/ });
  t.end();
});
