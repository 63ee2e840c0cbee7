import { Ajv } from 'ajv';
import t from 'tap';
import { FILE_SECTIONS } from '../../../../bin/options/index.js';
import { configJsonSchema, parseConfigFile } from '../../../../gateway/index.js';
import type { OptionRow } from '../../../../gateway/options/index.js';

const NAME = 'pkg.v1.Service/Method';

/** Values that no file may have for an option. */
function wrongValues(row: OptionRow): unknown[] {
  const always = [null, {}];
  switch (row.type) {
    case 'number':
      return [...always, '5', 1.5, row.min - 1, row.max + 1, true, [1]];
    case 'ratio':
      return [...always, '0.5', -0.1, 1.1, true];
    case 'switch':
      return [...always, 'true', 1, 'on', []];
    case 'choice':
      return [...always, 'maybe', '', 1, []];
    case 'list':
      return [...always, 'a', [''], [' '], [1], [['a']], true];
    case 'text':
      return [...always, '', ' ', 1, true, ['a']];
  }
}

function rightValues(row: OptionRow): unknown[] {
  switch (row.type) {
    case 'number':
      return [row.min, row.max, row.default];
    case 'ratio':
      return [0, 0.25, 1];
    case 'switch':
      return [true, false];
    case 'choice':
      return [...row.choices];
    case 'list':
      return [[], ['a'], ['a', 'b']];
    case 'text':
      return ['a', ':8080'];
  }
}

const slowReader = (rule: unknown) => ({ methods: { [NAME]: { slowReader: rule } } });

const rules = (...list: unknown[]) => ({ http: { rules: list } });

const RIGHT: unknown[] = [
  {},
  { $schema: 'https://example.com/config.schema.json' },
  { gateway: {}, core: {}, limits: {}, methods: {} },
  { limits: { exchanges: 0 }, gateway: { exchangesPerAddress: 1 } },
  { methods: { [NAME]: {}, 'Service/*': {} } },
  slowReader({ policy: 'pause' }),
  slowReader({ policy: 'conflate', key: 'symbol', maxMessages: 1 }),
  slowReader({ policy: 'drop-oldest', maxMessages: 2_147_483_647 }),
  slowReader({ policy: 'disconnect', afterMs: 1 }),
  { http: {} },
  { http: { rules: [], fully_decode_reserved_expansion: true } },
  rules({ selector: '*' }, { selector: 'a.B.C', get: '/x', response_body: 'y' }),
  rules({
    selector: 'a.B.C',
    custom: { kind: 'PURGE', path: '/x' },
    additionalBindings: [{ put: '/y', body: '*' }],
  }),
];

const WRONG: unknown[] = [
  [],
  'gateway',
  { gatway: {} },
  { gateway: [] },
  { gateway: { maxMesageBytes: 5 } },
  { gateway: { 'max-message-bytes': 5 } },
  { gateway: { config: 'other.yaml' } },
  { gateway: { printConfig: true } },
  { core: { listen: '' } },
  { core: { upstream: 'a:1' } },
  { limits: { exchanges: -1 } },
  { limits: { exchanges: 2_147_483_648 } },
  { limits: { maxMessageBytes: 5 } },
  { limits: { exchanges: 5 }, gateway: { exchanges: 5 } },
  { methods: [] },
  { methods: { 'pkg.Service': {} } },
  { methods: { '/pkg.Service/Method': {} } },
  { methods: { [NAME]: null } },
  { methods: { [NAME]: { slowreader: {} } } },
  slowReader({}),
  slowReader({ policy: 'fast' }),
  slowReader({ policy: 'pause', afterMs: 5 }),
  slowReader({ policy: 'conflate' }),
  slowReader({ policy: 'conflate', key: '' }),
  slowReader({ policy: 'conflate', key: 'a', afterMs: 1 }),
  slowReader({ policy: 'drop-oldest', key: 'a' }),
  slowReader({ policy: 'drop-oldest', maxMessages: 0 }),
  slowReader({ policy: 'disconnect', afterMs: 1.5 }),
  slowReader({ policy: 'disconnect', polcy: 1 }),
  { http: [] },
  { http: { rule: [] } },
  { http: { rules: {} } },
  rules({}),
  rules({ get: '/x' }),
  rules({ selector: 5 }),
  rules({ selector: 'a.B.C', body: '*' }),
  rules({ selector: 'a.B.C', get: '/x', put: '/x' }),
  rules({ selector: 'a.B.C', get: '/x', response_body: 'a', responseBody: 'a' }),
  rules({ selector: 'a.B.C', custom: { kind: 'PURGE' } }),
  rules({ selector: 'a.B.C', get: '/x', additional_bindings: [{}] }),
  rules({ selector: 'a.B.C', get: '/x', additional_bindings: [{ selector: 'a.B.C', get: '/y' }] }),
];

t.test('the published schema takes what the command takes, and refuses what it refuses', async (t) => {
  const validate = new Ajv({ strict: false }).compile(await configJsonSchema(FILE_SECTIONS));
  const right = [...RIGHT];
  const wrong = [...WRONG];
  for (const [section, table] of Object.entries(FILE_SECTIONS)) {
    for (const [name, row] of Object.entries<OptionRow>(table)) {
      right.push(...rightValues(row).map((value) => ({ [section]: { [name]: value } })));
      wrong.push(...wrongValues(row).map((value) => ({ [section]: { [name]: value } })));
    }
  }
  for (const [files, expected] of [
    [right, true],
    [wrong, false],
  ] as const) {
    for (const file of files) {
      const text = JSON.stringify(file);
      const taken = await parseConfigFile(text, 'g.json', FILE_SECTIONS).then(
        () => true,
        () => false,
      );
      t.equal(taken, expected, `the command: ${text}`);
      t.equal(validate(file), expected, `the schema: ${text}`);
    }
  }
});
