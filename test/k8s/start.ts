import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { createCertificate } from '../support/certificate.js';
import { containerOf, one } from './overlays.js';
import type { Manifest, Resource } from './resource.js';

/** What the gateway of a build is started with; its files are below `folder`, as its volumes would have them. */
export function startOf(t: Test, resources: readonly Resource[]) {
  const folder = t.testdir({});
  const { spec } = one(resources, 'Deployment', 'gateway').spec.template;
  const { args, env = [], volumeMounts = [] } = containerOf(resources, 'gateway');
  const here = (text: string): string => text.replaceAll('/etc/sluice/', `${folder}/etc/sluice/`);
  for (const { name, mountPath } of volumeMounts) {
    mkdirSync(here(`${mountPath}/`), { recursive: true });
    const { configMap, secret } = spec.volumes.find((volume: Manifest) => volume.name === name);
    if (configMap !== undefined) {
      for (const [file, text] of Object.entries(one(resources, 'ConfigMap', configMap.name).data))
        writeFileSync(join(here(mountPath), file), text as string);
    }
    if (secret !== undefined) {
      const { cert, key } = createCertificate('gateway.sluice.svc');
      writeFileSync(join(here(mountPath), 'tls.crt'), cert);
      writeFileSync(join(here(mountPath), 'tls.key'), key);
    }
  }
  const [command, ...line] = args.map(here);
  const environment = Object.fromEntries(env.map(({ name, value }: Manifest) => [name, here(value)]));
  return { command, line, environment } as {
    command: string;
    line: string[];
    environment: Record<string, string>;
  };
}
