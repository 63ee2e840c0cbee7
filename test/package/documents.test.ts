import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { repositoryFile } from '../support/fresh-copy.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const documents = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)));

t.test('every relative link of every document leads to a file, and to a heading of it', (t) => {
  t.ok(documents.length > 20);
  let links = 0;
  for (const file of documents) {
    for (const [, target = ''] of prose(repositoryFile(file)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      links += 1;
      const [path = '', anchor] = target.split('#');
      const found = path === '' ? file : relative(root, join(root, dirname(file), path));
      if (!existsSync(join(root, found))) {
        t.fail(`${file}: ${target} is not there`);
      } else if (anchor !== undefined && !anchors(repositoryFile(found)).has(anchor)) {
        t.fail(`${file}: ${target} names no heading of ${found}`);
      }
    }
  }
  t.ok(links > 80);
  t.end();
});

t.test('every path of the repository that a document names is there', (t) => {
  const named = /`((?:bin|clients|docs|gateway|grpc-core|k8s|proto|scripts|test)\/[\w./-]*\w\/?)`/g;
  for (const file of documents) {
    for (const [, path = ''] of repositoryFile(file).matchAll(named)) {
      if (!existsSync(join(root, path))) t.fail(`${file} names ${path}`);
    }
  }
  t.pass('all are there');
  t.end();
});

t.test('the README leads to every document', (t) => {
  const readme = repositoryFile('README.md');
  for (const file of documents) {
    // Each decision has its place in the list of decisions.
    if (file === 'README.md' || file.startsWith('.github/') || /^docs\/decisions\/\d/.test(file)) continue;
    t.ok(readme.includes(`](${file})`), `README.md has a link to ${file}`);
  }
  const decisions = repositoryFile('docs/decisions/README.md');
  for (const file of documents.filter((file) => /^docs\/decisions\/\d/.test(file))) {
    t.match(repositoryFile(file), /\n## Context\n[\s\S]+\n## Decision\n[\s\S]+\n## Consequences\n/, file);
    t.match(decisions, `](${file.slice('docs/decisions/'.length)})`);
    t.match(repositoryFile('docs/architecture.md'), `](${file.slice('docs/'.length)})`);
  }
  t.end();
});

/** The text without code: there brackets are no links. */
function prose(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
}

/** The anchors that GitHub gives to the headings of a document. */
function anchors(text: string): Set<string> {
  const found = new Set<string>();
  for (const [, heading = ''] of text.matchAll(/^#{1,6} (.+)$/gm)) {
    const name = heading
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    let anchor = name;
    for (let count = 1; found.has(anchor); count += 1) anchor = `${name}-${count}`;
    found.add(anchor);
  }
  return found;
}
