import { fileURLToPath } from 'node:url';
import { buildOverlay } from './kustomize.js';
import type { Manifest, Resource } from './resource.js';

const path = (name: string) => fileURLToPath(new URL(`../../k8s/${name}`, import.meta.url));

/** The folders that are applied, and what they make; the one without TLS is production with that component taken out. */
export const FOLDERS = {
  base: path('base'),
  production: path('overlays/production'),
  'scale-to-zero': path('overlays/scale-to-zero'),
} as const;

/** Every build: fresh objects each time. */
export function builds(): Readonly<Record<keyof typeof FOLDERS, Resource[]>> {
  return {
    base: buildOverlay(FOLDERS.base),
    production: buildOverlay(FOLDERS.production),
    'scale-to-zero': buildOverlay(FOLDERS['scale-to-zero']),
  };
}

/** The objects of a kind. */
export function ofKind(resources: readonly Resource[], kind: string): Resource[] {
  return resources.filter((resource) => resource.kind === kind);
}

/** The one object of a kind with this name. */
export function one(resources: readonly Resource[], kind: string, name: string): Resource {
  const [found, ...others] = ofKind(resources, kind).filter(({ metadata }) => metadata.name === name);
  if (found === undefined || others.length > 0) throw new Error(`not one ${kind} ${name}`);
  return found;
}

/** The container of a deployment. */
export function containerOf(resources: readonly Resource[], name: string): Manifest {
  return one(resources, 'Deployment', name).spec.template.spec.containers[0];
}
