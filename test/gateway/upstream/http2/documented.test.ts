import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const read = (path: string): string => readFileSync(root + path, 'utf8');
const UNITS: Readonly<Record<string, number>> = { '': 1, KiB: 1024, MiB: 1024 * 1024 };

/** The rows of the table of attacks, cell by cell. */
const rows = read('docs/http2.md')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| attack'))
  .map((line) => line.slice(2, -2).split(' | '));

/** The number that a constant or a default is set to; products and powers of numbers are computed. */
function valueIn(source: string, name: string): number {
  const found = new RegExp(`\\b${name}\\b\\s*[:=]\\s*([\\d_]+(?:\\s*[*+-]+\\s*[\\d_]+)*)`).exec(source)?.[1];
  if (found === undefined) return Number.NaN;
  const [base, power, less] = /^(\d+) \*\* (\d+) - (\d+)$/.exec(found)?.slice(1).map(Number) ?? [];
  if (base !== undefined && power !== undefined && less !== undefined) return base ** power - less;
  return found
    .replaceAll('_', '')
    .split('*')
    .reduce((product, factor) => product * Number(factor), 1);
}

t.test('every limit against a hostile server has the value that the document says', async (t) => {
  t.ok(rows.length > 20);
  for (const [attack = '', , limit = ''] of rows) {
    if (limit === 'none needed') continue;
    const file = / in `([^`]+)`$/.exec(limit)?.[1];
    const claims = [...limit.matchAll(/`(\w+)` = ([\d,]+) ?(KiB|MiB)?/g)];
    t.ok(file !== undefined && claims.length > 0, attack);
    const source = read(`gateway/upstream/http2/${file}`);
    for (const [, name = '', number = '', unit = ''] of claims) {
      const wanted = Number(number.replaceAll(',', '')) * (UNITS[unit] ?? Number.NaN);
      t.equal(valueIn(source, name), wanted, `${attack}: ${name}`);
    }
  }
});

t.test('every attack has the test that the document names', async (t) => {
  for (const [attack = '', , , named = ''] of rows) {
    const [, file, name] = /^`([^`]+)`: (.+)$/.exec(named) ?? [];
    const path = `test/gateway/upstream/http2/${file}`;
    t.ok(existsSync(root + path), `${attack}: ${file}`);
    t.ok(name !== undefined && read(path).includes(name), `${attack}: ${name}`);
  }
});
