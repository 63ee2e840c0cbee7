import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { lockedPackages, outsideFolder, repositoryFile, run } from '../support/fresh-copy.js';
import { sluice } from '../support/process.js';

const { engines } = JSON.parse(repositoryFile('package.json')) as { engines: { node: string } };

t.test('npm ci has nothing to warn of', async (t) => {
  const folder = outsideFolder(t);
  for (const name of ['package.json', 'package-lock.json']) {
    writeFileSync(join(folder, name), repositoryFile(name));
  }
  const { stdout, stderr } = await run(folder, 'npm', 'ci', '--dry-run', '--ignore-scripts');
  t.match(stdout, /added \d+ packages/);
  t.equal(stderr, '');
});

t.test('every locked package works on the oldest Node of each line that we name', async (t) => {
  const oldest = engines.node.split('||').map((range) => numbers(range.replace(/[^\d.]/g, '')));
  t.same(
    oldest.map(([major]) => major),
    [20, 22, 24],
  );
  const unfit: string[] = [];
  for (const [path, { engines, deprecated, optional }] of Object.entries(lockedPackages())) {
    // npm takes them only where the processor is wasm32, and no Node is.
    if (optional === true && path.includes('wasm')) continue;
    if (deprecated !== undefined) unfit.push(`${path} is deprecated: ${deprecated}`);
    const ranges = (engines?.node ?? '*').split('||');
    for (const version of oldest) {
      if (ranges.some((range) => isInside(version, range))) continue;
      unfit.push(`${path} wants Node ${engines?.node}, which ${version.join('.')} is not`);
    }
  }
  t.same(unfit, []);
});

t.test('the README, the Dockerfile and Kubernetes name the same image', async (t) => {
  const named = [
    ...images('README.md', /docker build -t (\S+)/g),
    ...images('Dockerfile', /docker (?:build -t|run .*-p \S+) ([a-z]\S*)/g),
    ...images('k8s/base/kustomization.yaml', /docker build -t (\S+)/g),
  ];
  t.ok(named.length >= 4);
  const kustomization = repositoryFile('k8s/base/kustomization.yaml');
  const [, name, tag] = /- name: (\S+)\n\s+newTag: (\S+)/.exec(kustomization) ?? [];
  for (const image of named) t.equal(image, `${name}:${tag}`);
  for (const file of ['core', 'gateway']) {
    const manifest = repositoryFile(`k8s/base/${file}.yaml`);
    t.same(
      [...manifest.matchAll(/^\s+image: (\S+)$/gm)].map(([, image]) => image),
      [name],
    );
    t.match(
      manifest,
      /imagePullPolicy: IfNotPresent/,
      'no registry is asked for an image that was built here',
    );
    t.match(manifest, /enableServiceLinks: false/, 'no Service can set our variables');
  }
});

t.test('what Kubernetes sets are settings, and the commands take them', async (t) => {
  for (const command of ['core', 'gateway']) {
    const manifest = repositoryFile(`k8s/base/${command}.yaml`);
    const environment = Object.fromEntries(
      [...manifest.matchAll(/- name: (SLUICE_\w+)\n\s+value: (.+)$/gm)].map(([, name = '', value = '']) => [
        name,
        value.replace(/^"(.*)"$/, '$1'),
      ]),
    );
    t.ok(Object.keys(environment).length > 2);
    const running = sluice(t, [command], {
      ...environment,
      // As written, but for what this machine may not have.
      SLUICE_LISTEN: environment.SLUICE_LISTEN?.replace(/\d+$/, '0'),
      ...(command === 'core' ? { SLUICE_DATA_DIR: t.testdir() } : { SLUICE_ADMIN_LISTEN: ':0' }),
    });
    const line = await running.line(`${command} listening`);
    t.match(line.url ?? line.address, /\[::\]:[1-9]/, 'on every address');
    t.same(running.errors, []);
    running.child.kill('SIGTERM');
    t.equal(await running.exit, 0);
  }
});

/** What the file calls the image, as Docker reads it: without a tag it is the latest. */
function images(file: string, pattern: RegExp): string[] {
  return [...repositoryFile(file).matchAll(pattern)].map(([, image = '']) =>
    image.includes(':') ? image : `${image}:latest`,
  );
}

/** As much of npm's ranges as the lock has: `>=`, `<`, `^`, a bare number, `x` and `*`. */
function isInside(version: readonly number[], range: string): boolean {
  const comparators = range.trim().replace(/>=\s+/g, '>=').split(/\s+/);
  return comparators.every((comparator) => {
    const [, sign, text = ''] = /^(>=|<|\^)?(.*)$/.exec(comparator) ?? [];
    if (text === '*') return true;
    const wanted = numbers(text);
    const isLater = compare(version, wanted) >= 0;
    if (sign === '<') return !isLater;
    return sign === '>=' ? isLater : isLater && version[0] === wanted[0];
  });
}

function numbers(text: string): number[] {
  const parts = text.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : 0));
  return [parts[0] ?? 0, parts[1] ?? 0, parts[2] ?? 0];
}

function compare(a: readonly number[], b: readonly number[]): number {
  const index = a.findIndex((number, at) => number !== b[at]);
  return index === -1 ? 0 : (a[index] as number) - (b[index] as number);
}
