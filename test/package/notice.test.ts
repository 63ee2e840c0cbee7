import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { repositoryFile } from '../support/fresh-copy.js';

const DATA = 'test/conformance/connect/suites';
const root = fileURLToPath(new URL('../..', import.meta.url));

t.test('NOTICE names every vendored file, with the digest of its text', (t) => {
  const named = new Map<string, string>();
  for (const [, digest = '', file = ''] of repositoryFile('NOTICE').matchAll(
    /^ {2}([\da-f]{64}) {2}(\S+)$/gm,
  )) {
    named.set(file, digest);
  }
  // What is below proto/ and not ours, and the data of foreign tests.
  const vendored = ['proto/google', 'proto/grpc', DATA].flatMap((folder) =>
    readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(?:proto|yaml)$/.test(name))
      .map((name) => `${folder}/${name}`),
  );
  t.same([...named.keys()].sort(), vendored.sort());
  for (const [file, digest] of named) {
    const text = repositoryFile(file);
    t.equal(createHash('sha256').update(text).digest('hex'), digest, file);
    // A folder of data has one licence for all of its files.
    if (file.startsWith(DATA)) continue;
    t.match(text.slice(0, 1_000), /Copyright .*[\s\S]*Licensed under the Apache License, Version 2\.0/, file);
  }
  t.match(repositoryFile(`${DATA}/LICENSE`), /Apache License\s+Version 2\.0/);
  t.end();
});

t.test('the license is the one that package.json names, whole', (t) => {
  t.equal(JSON.parse(repositoryFile('package.json')).license, 'Apache-2.0');
  const license = repositoryFile('LICENSE');
  t.match(license, /^\s+Apache License\n\s+Version 2\.0, January 2004/);
  for (const section of [1, 2, 3, 4, 5, 6, 7, 8, 9]) t.match(license, new RegExp(`^ {3}${section}\\. `, 'm'));
  t.match(license, 'END OF TERMS AND CONDITIONS');
  t.match(license, 'APPENDIX: How to apply the Apache License to your work.');
  t.end();
});

t.test('the numbers of our options stand in options.proto and nowhere else', async (t) => {
  const options = 'proto/sluice/v1/options.proto';
  const numbers = [...repositoryFile(options).matchAll(/^ {2}\w+ \w+ = (5\d{4});$/gm)].map(
    ([, number = '']) => number,
  );
  t.ok(numbers.length >= 3);
  t.equal(new Set(numbers).size, numbers.length);
  const elsewhere: string[] = [];
  const repeated = new RegExp(`\\b(?:${numbers.join('|')})\\b`);
  for (const folder of ['bin', 'clients', 'docs', 'gateway', 'grpc-core', 'proto', 'scripts', 'test']) {
    for (const name of readdirSync(root + folder, { recursive: true, encoding: 'utf8' })) {
      const file = `${folder}/${name}`;
      if (!/\.(?:m?[jt]s|proto|md|json|py)$/.test(name) || file === options) continue;
      if (repeated.test(repositoryFile(file))) elsewhere.push(file);
    }
  }
  t.same(elsewhere, []);
});
