import t from 'tap';
import {
  configuredSchema,
  type GatewayConfig,
  parseConfig,
} from '../../../../gateway/server/config/index.js';
import { schemaFromText } from '../schema-from-text.js';

const MESSAGES = `
  message Q { string id = 1; int32 from = 2; }
  message R { string symbol = 1; int32 number = 2; repeated string tags = 3; }
`;

const DEFAULTS = {
  sharing: 'none',
  maxMessages: 10_000,
  maxBytes: 16 * 1024 * 1024,
  maxAgeMs: 600_000,
  whenFull: 'forget-oldest',
  start: 'beginning',
  last: 0,
  key: undefined,
  lingerMs: 5_000,
  detach: false,
  keyMetadata: [],
  detachMaxAgeMs: 3_600_000,
  detachMaxSilenceMs: 900_000,
};

type Schema = Awaited<ReturnType<typeof schemaFromText>>;

function ruleOf(schema: Schema, name: string) {
  const rule = schema.methods.get(`/t.S/${name}`)?.recording;
  return rule && { ...rule, key: rule.key?.name };
}

async function rules(test: Parameters<typeof schemaFromText>[0], methods: Record<string, string>) {
  const lines = Object.entries(methods).map(([name, rule]) => {
    const [up, down] = [name.startsWith('Up') ? 'stream ' : '', name.endsWith('One') ? '' : 'stream '];
    return `rpc ${name}(${up}Q) returns (${down}R) { option (sluice.v1.recording) = { ${rule} }; }`;
  });
  const text = `${MESSAGES} service S { rpc Bare(Q) returns (stream R); ${lines.join('\n')} }`;
  return schemaFromText(test, text);
}

t.test('a rule for recordings is read from the option; an empty one is on, with the defaults', async (t) => {
  const schema = await rules(t, {
    Empty: '',
    EmptyOne: '',
    UpEmpty: 'detach: true',
    All: `sharing: PRINCIPAL max_messages: 7 max_bytes: 8 max_age_ms: 9 when_full: PAUSE start: LAST last: 3 linger_ms: 4 detach: true
      key_metadata: "x-b" key_metadata: "x-a" key_metadata: "x-b" detach_max_age_ms: 11 detach_max_silence_ms: 12`,
    Shared: 'sharing: EVERYONE',
    SharedOne: 'sharing: EVERYONE',
    Snapshot: 'sharing: EVERYONE start: SNAPSHOT key: "symbol"',
    Zeros: 'sharing: SHARING_UNSPECIFIED start: START_UNSPECIFIED when_full: WHEN_FULL_UNSPECIFIED',
    Huge: 'max_bytes: 18446744073709551615',
  });
  t.same(schema.problems, []);
  t.equal(ruleOf(schema, 'Bare'), undefined, 'off by default');
  for (const name of ['Empty', 'EmptyOne', 'Zeros']) t.same(ruleOf(schema, name), DEFAULTS, name);
  t.same(ruleOf(schema, 'UpEmpty'), { ...DEFAULTS, detach: true });
  t.same(ruleOf(schema, 'All'), {
    sharing: 'principal',
    maxMessages: 7,
    maxBytes: 8,
    maxAgeMs: 9,
    whenFull: 'pause',
    start: 'last',
    last: 3,
    key: undefined,
    lingerMs: 4,
    detach: true,
    keyMetadata: ['x-a', 'x-b'],
    detachMaxAgeMs: 11,
    detachMaxSilenceMs: 12,
  });
  t.match(ruleOf(schema, 'Shared'), { sharing: 'everyone', start: 'now' });
  t.match(
    ruleOf(schema, 'SharedOne'),
    { sharing: 'everyone', start: 'beginning' },
    'one message has no middle',
  );
  t.match(ruleOf(schema, 'Snapshot'), { start: 'snapshot', key: 'symbol' });
  t.ok((ruleOf(schema, 'Huge')?.maxBytes ?? 0) > 2 ** 60);
});

t.test('what does not fit the method is named, and nothing of it is recorded', async (t) => {
  const schema = await rules(t, {
    A: 'start: LAST',
    B: 'last: 3',
    C: 'start: SNAPSHOT key: "tags"',
    D: 'start: SNAPSHOT',
    E: 'key: "symbol"',
    UpF: 'sharing: EVERYONE',
    GOne: 'start: NOW',
    H: 'linger_ms: 4294967295',
    I: 'key_metadata: "X-Upper"',
    J: 'key_metadata: "grpc-timeout"',
  });
  t.same(
    schema.problems.map(
      ({ name, reason }) => `${name.slice(4)} ${reason.replace('(sluice.v1.recording): ', '')}`,
    ),
    [
      'A last: must say with how many messages start: last begins',
      'B last: has no meaning for start: beginning',
      'C key: t.R has no single scalar field "tags"',
      'D key: must be a field of the response: the newest of each of its values comes first',
      'E key: has no meaning for start: beginning',
      'UpF sharing: the method takes a stream of messages, and two of them are not equal before they end',
      'GOne start: the method answers with one message, which has no part to start with',
      'H lingerMs: must be at most 2147483647 ms, not 4294967295',
      'I keyMetadata: "X-Upper" is no name of metadata: write it in lower case, and without grpc- in front',
      'J keyMetadata: "grpc-timeout" is no name of metadata: write it in lower case, and without grpc- in front',
    ],
  );
  for (const { recording } of schema.methods.values()) t.equal(recording, undefined);
});

t.test('the file says the same, and cursors too; it wins over the proto', async (t) => {
  const given = await rules(t, { Own: 'detach: true', One: '' });
  const configured = async (yaml: string) => {
    const warnings: string[] = [];
    const config: GatewayConfig = await parseConfig(yaml, 'g.yaml');
    return { schema: configuredSchema(given, config, (problem) => warnings.push(problem)), warnings };
  };
  const { schema, warnings } = await configured(`
methods:
  t.S/Bare:
    stream: { cursor: number, resume: from }
    recording: { sharing: everyone, maxMessages: 5, whenFull: forget-oldest, start: snapshot, key: symbol, lingerMs: 6, keyMetadata: [x-a], detach: true }
  t.S/Own: { recording: {} }
`);
  t.same(warnings, []);
  t.match(ruleOf(schema, 'Bare'), {
    sharing: 'everyone',
    maxMessages: 5,
    start: 'snapshot',
    key: 'symbol',
    lingerMs: 6,
  });
  t.equal(schema.methods.get('/t.S/Bare')?.resume?.cursor.name, 'number');
  t.same(ruleOf(schema, 'Own'), DEFAULTS, 'as a whole');
  const wrong = await configured(`
methods:
  t.S/Bare: { stream: { cursor: none, resume: from }, recording: { start: snapshot, key: none } }
  t.S/One: { stream: { cursor: number, resume: from }, recording: { start: now } }
`);
  t.same(wrong.warnings, [
    'methods."t.S/Bare": stream: cursor: t.R has no single scalar field "none"; it does not resume',
    'methods."t.S/Bare": recording: key: t.R has no single scalar field "none"; its calls are not recorded',
    'methods."t.S/One": stream: the method does not stream its responses; it does not resume',
    'methods."t.S/One": recording: start: the method answers with one message, which has no part to start with; its calls are not recorded',
  ]);
  for (const [text, problem] of [
    ['sharing: all', /sharing must be one of none, principal, everyone/],
    ['whenFull: never', /whenFull must be one of forget-oldest, pause/],
    ['maxMessages: 0', /maxMessages must be a whole number from 1 to/],
    ['start: last', /last must say with how many messages/],
    ['keyMetadata: [X-A]', /keyMetadata "X-A" is no name of metadata/],
    ['detach: perhaps', /detach must be true or false/],
    ['lingerMS: 3', /did you mean lingerMs\?/],
  ] as const) {
    await t.rejects(
      parseConfig(`methods:\n  t.S/Own: { recording: { ${text} } }\n`, 'g.yaml'),
      problem,
      text,
    );
  }
  await t.rejects(
    parseConfig('methods:\n  t.S/Own: { stream: { cursor: number } }\n', 'g.yaml'),
    /resume must be the name/,
  );
});
