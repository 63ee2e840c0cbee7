import t from 'tap';
import { schemaFromText } from '../schema-from-text.js';

const MESSAGES = `
  enum Level { LOW = 0; HIGH = 1; }
  message Q { string id = 1; }
  message R { string symbol = 1; Level level = 2; repeated string tags = 3; Q nested = 4; map<string, string> more = 5; string camel_case = 6;
    oneof one { int32 number = 7; } }
`;

async function rules(
  t: Parameters<typeof schemaFromText>[0],
  methods: Record<string, string>,
  stream = 'stream ',
) {
  const lines = Object.entries(methods).map(
    ([name, rule]) => `rpc ${name}(Q) returns (${stream}R) { option (sluice.v1.stream) = { ${rule} }; }`,
  );
  const schema = await schemaFromText(
    t,
    `${MESSAGES} service S { rpc Bare(Q) returns (${stream}R); ${lines.join('\n')} }`,
  );
  const rule = (name: string) => {
    const method = schema.methods.get(`/t.S/${name}`);
    const { slowReader } = method ?? {};
    return slowReader?.policy === 'conflate' ? { ...slowReader, key: slowReader.key.name } : slowReader;
  };
  return { rule, problems: schema.problems, schema };
}

t.test('a rule for slow readers is read from the option, with its defaults', async (t) => {
  const { rule, problems, schema } = await rules(t, {
    A: 'slow_reader: { policy: CONFLATE key: "symbol" }',
    B: 'slow_reader: { policy: CONFLATE key: "level" max_messages: 7 }',
    C: 'slow_reader: { policy: DROP_OLDEST }',
    D: 'slow_reader: { policy: DROP_OLDEST max_messages: 4294967295 }',
    E: 'slow_reader: { policy: DISCONNECT }',
    F: 'slow_reader: { policy: DISCONNECT after_ms: 5 }',
    G: 'slow_reader: { policy: PAUSE }',
    H: 'slow_reader: { }',
    I: 'cursor: "symbol" resume: "id" slow_reader: { policy: DROP_OLDEST }',
    J: 'slow_reader: { policy: CONFLATE key: "camelCase" }',
    K: 'slow_reader: { policy: CONFLATE key: "number" }',
  });
  t.same(problems, []);
  t.same(rule('Bare'), { policy: 'pause' });
  t.same(rule('A'), { policy: 'conflate', key: 'symbol', maxMessages: 1_000 });
  t.same(rule('B'), { policy: 'conflate', key: 'level', maxMessages: 7 });
  t.same(rule('C'), { policy: 'drop-oldest', maxMessages: 1_000 });
  t.same(rule('D'), { policy: 'drop-oldest', maxMessages: 4_294_967_295 });
  t.same(rule('E'), { policy: 'disconnect', afterMs: 30_000 });
  t.same(rule('F'), { policy: 'disconnect', afterMs: 5 });
  t.same(rule('G'), { policy: 'pause' });
  t.same(rule('H'), { policy: 'pause' });
  t.same(rule('I'), { policy: 'drop-oldest', maxMessages: 1_000 });
  t.equal(schema.methods.get('/t.S/I')?.resume?.cursor.name, 'symbol', 'beside the cursor');
  t.equal(schema.methods.get('/t.S/A')?.resume, undefined);
  t.match(rule('J'), { key: 'camel_case' }, 'by its name in JSON as well');
  t.match(rule('K'), { key: 'number' });
});

t.test(
  'a rule that does not fit is a problem of its method, which then waits for slow readers',
  async (t) => {
    const cases: [rule: string, problem: RegExp][] = [
      [
        'slow_reader: { policy: CONFLATE key: "nope" }',
        /slow_reader: key: t\.R has no single scalar field "nope"$/,
      ],
      ['slow_reader: { policy: CONFLATE }', /slow_reader: key: t\.R has no single scalar field ""$/],
      ['slow_reader: { policy: CONFLATE key: "tags" }', /no single scalar field "tags"$/],
      ['slow_reader: { policy: CONFLATE key: "nested" }', /no single scalar field "nested"$/],
      ['slow_reader: { policy: CONFLATE key: "more" }', /no single scalar field "more"$/],
      [
        'slow_reader: { policy: CONFLATE key: "symbol" after_ms: 5 }',
        /slow_reader: after_ms: has no meaning for the policy conflate$/,
      ],
      [
        'slow_reader: { policy: DROP_OLDEST key: "symbol" }',
        /slow_reader: key: has no meaning for the policy drop-oldest$/,
      ],
      ['slow_reader: { policy: DISCONNECT max_messages: 5 }', /slow_reader: max_messages: has no meaning/],
      ['slow_reader: { max_messages: 5 }', /slow_reader: max_messages: has no meaning for the policy pause$/],
      ['slow_reader: { policy: DISCONNECT after_ms: 2147483648 }', /at most 2147483647 ms, not 2147483648$/],
      [
        'cursor: "nope" resume: "id" slow_reader: { policy: CONFLATE key: "symbol" }',
        /cursor: t\.R has no single scalar field "nope"$/,
      ],
      ['', /cursor: t\.R has no single scalar field ""$/],
    ];
    const { rule, problems } = await rules(
      t,
      Object.fromEntries(cases.map(([one], index) => [`M${index}`, one])),
    );
    t.equal(problems.length, cases.length, problems.join('\n'));
    for (const [index, [text, problem]] of cases.entries()) {
      t.match(problems[index], new RegExp(`^t\\.S/M${index}: \\(sluice\\.v1\\.stream\\): `));
      t.match(problems[index], problem, text);
      if (!text.startsWith('cursor')) t.same(rule(`M${index}`), { policy: 'pause' });
    }
    t.match(rule('M10'), { policy: 'conflate' }, 'a cursor that does not fit does not spoil the rest');
  },
);

t.test('a method without a stream of responses has no slow readers', async (t) => {
  const { rule, problems } = await rules(t, { A: 'slow_reader: { policy: DROP_OLDEST }' }, '');
  t.same(problems.map(String), ['t.S/A: (sluice.v1.stream): the method does not stream its responses']);
  t.same(rule('A'), { policy: 'pause' });
});

t.test('a policy that a later version knows is a problem here', async (t) => {
  const { rule, problems } = await rules(t, { A: 'slow_reader: { policy: 9 }' });
  t.equal(problems.length, 1);
  t.same(rule('A'), { policy: 'pause' });
});
