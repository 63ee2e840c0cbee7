import { readFileSync } from 'node:fs';
import t from 'tap';
import { MOST_CLIENTS } from '../../gateway/security/index.js';
import { LIMIT_NAMES } from '../../gateway/surfaces/index.js';

const text = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

t.test('the documents name every limit', (t) => {
  const labels = /^\| `sluice_limit_refusals_total` .*$/m.exec(text('docs/configuration.md'))?.[0] ?? '';
  t.strictSame(
    LIMIT_NAMES.filter((name) => !labels.includes(`\`${name}\``)),
    [],
  );
  t.end();
});

t.test('docs/bounds.md says how many clients limits remember', (t) => {
  t.ok(text('docs/bounds.md').includes(`2 x ${MOST_CLIENTS.toLocaleString('en-US')} (\`MOST_CLIENTS\`)`));
  t.end();
});
