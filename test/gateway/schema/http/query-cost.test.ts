import t from 'tap';
import { requestJson } from '../../../../gateway/schema/index.js';
import type { Method } from '../../../../gateway/schema/method/method.js';
import { schemaFromText } from '../schema-from-text.js';

const FIELDS = Array.from({ length: 200 }, (_, index) => `string field_${index} = ${index + 10};`).join(' ');
const TEXT = `import "google/protobuf/field_mask.proto";
message Q { map<string, string> labels = 1; repeated string tags = 2; Q sub = 3; google.protobuf.FieldMask mask = 4; bytes data = 5; ${FIELDS} }
service S { rpc Get(Q) returns (Q); }`;

/** Queries of about so many bytes that look for work that is worse than their size. */
const SHAPES: Readonly<Record<string, (bytes: number) => [string, string][]>> = {
  'entries of a map': (n) => times(n / 20, (i) => [`labels[key${i}]`, 'v']),
  'brackets in a key': (n) => [[`labels[${'['.repeat(n / 2)}${']'.repeat(n / 2)}]`, 'v']],
  'brackets without end': (n) => [[`labels${'['.repeat(n)}`, 'v']],
  'brackets alone': (n) => [['[]'.repeat(n / 2), 'v']],
  dots: (n) => [['.'.repeat(n), 'v']],
  'deep names': (n) => times(n / 120, (i) => [`${'sub.'.repeat(25)}labels[${i}]`, 'v']),
  'a long list': (n) => times(n / 6, () => ['tags', 'v']),
  'unknown names': (n) => times(n / 10, (i) => [`nope${i}`, 'v']),
  'a long mask': (n) => [['mask', 'a_b,'.repeat(n / 4)]],
  'a mask of underscores': (n) => [['mask', '_'.repeat(n)]],
  'a value of spaces': (n) => [['data', ' '.repeat(n)]],
};

function times(count: number, make: (index: number) => [string, string]): [string, string][] {
  return Array.from({ length: Math.floor(count) }, (_, index) => make(index));
}

t.test('a query costs no more than its size', async (t) => {
  const schema = await schemaFromText(t, TEXT);
  const { input } = schema.methods.get('/t.S/Get') as Method;
  const cost = (pairs: [string, string][]): number => {
    const query = new URLSearchParams(pairs);
    const runs = Array.from({ length: 7 }, () => {
      const begun = process.cpuUsage();
      for (let turn = 0; turn < 5; turn += 1) {
        try {
          requestJson(input, [], query);
        } catch {
          // Most shapes are refused, which has to be cheap as well.
        }
      }
      const { user, system } = process.cpuUsage(begun);
      return user + system;
    });
    return runs.sort((left, right) => left - right)[3] as number;
  };
  for (const [name, shape] of Object.entries(SHAPES)) {
    const [small, large] = [shape(4_000), shape(16_000)];
    cost(small);
    // Below a millisecond nothing can be told from the noise, and nothing is wrong.
    const holds = () => cost(large) <= Math.max(8 * cost(small), 1_000);
    t.ok(holds() || holds(), name);
  }
});
