import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const folder = fileURLToPath(new URL('../../../gateway/upstream/', import.meta.url));
/** A text that begins with a pronoun has lost its subject by the time it is logged behind others. */
const PRONOUN = /['"`](?:it|its|they|their|there is none)\s/i;

t.test('no reason begins with a pronoun', async (t) => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'));
  t.ok(files.length > 40);
  for (const name of files) {
    const code = readFileSync(folder + name, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/ .*$/gm, '');
    for (const line of code.split('\n')) if (PRONOUN.test(line)) t.fail(`${name}: ${line.trim()}`);
  }
});
