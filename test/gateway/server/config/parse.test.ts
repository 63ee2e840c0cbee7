import t from 'tap';
import { ConfigError, parseConfig } from '../../../../gateway/index.js';

t.test('YAML and JSON say the same; an empty file says nothing', async (t) => {
  const yaml = `
# prices
limits: { exchangesPerAddress: 1000, unfinishedBytes: 0 }
methods:
  stocks.Market/Watch:
    slowReader: { policy: conflate, key: symbol, maxMessages: 50 }
  stocks.Market/*:
    slowReader:
      policy: disconnect
      afterMs: 5000
`;
  const json = JSON.stringify({
    limits: { exchangesPerAddress: 1_000, unfinishedBytes: 0 },
    methods: {
      'stocks.Market/Watch': { slowReader: { policy: 'conflate', key: 'symbol', maxMessages: 50 } },
      'stocks.Market/*': { slowReader: { policy: 'disconnect', afterMs: 5_000 } },
    },
  });
  const config = await parseConfig(yaml, 'g.yaml');
  t.same(config, JSON.parse(json));
  t.same(await parseConfig(json, 'g.json'), config);
  for (const empty of ['', '# nothing\n', '{}', '---\n']) t.same(await parseConfig(empty, 'e'), {});
});

t.test(
  'every mistake is one line that names the file, the place, the path and what is allowed',
  async (t) => {
    const method = (slowReader: string) => `methods:\n  a.B/C:\n    slowReader: ${slowReader}\n`;
    const cases: [text: string, message: RegExp][] = [
      [
        'methds: {}',
        /^g\.yaml:1:1: methds is unknown, did you mean methods\?; allowed here: limits, methods, http, auth$/,
      ],
      ['limits: 5', /^g\.yaml:1:1: limits must be a map with exchangesPerPrincipal, exchangesPerAddress, /],
      [
        'limits: {exchanges: -1}',
        /^g\.yaml:1:10: limits\.exchanges must be a whole number of exchanges from 0 to 2147483647$/,
      ],
      ['limits: {exchanges: many}', /limits\.exchanges must be a whole number/],
      ['limits: {exchangesPerAdress: 5}', /did you mean exchangesPerAddress\?/],
      ['- a', /^g\.yaml: the file must be a map with limits, methods, http, auth$/],
      ['methods: 5', /^g\.yaml:1:1: methods must be a map of methods$/],
      ['methods:\n', /^g\.yaml:1:1: methods must be a map of methods$/],
      [
        'methods:\n  /a.B/C: {}',
        /^g\.yaml:2:3: methods\."\/a\.B\/C" is not a method name: write package\.Service/,
      ],
      ['methods:\n  a.B: {}', /^g\.yaml:2:3: methods\."a\.B" is not a method name/],
      ['methods:\n  a.*/C: {}', /is not a method name/],
      [
        'methods:\n  a.B/C: 5',
        /^g\.yaml:2:3: methods\."a\.B\/C" must be a map with slowReader, stream, recording, access$/,
      ],
      [
        'methods:\n  a.B/C: {slow_reader: {}}',
        /^g\.yaml:2:11: .*slow_reader is unknown, did you mean slowReader\?/,
      ],
      [method('pause'), /^g\.yaml:3:5: .*slowReader must be a map with policy, key, maxMessages, afterMs$/],
      [method('{}'), /slowReader\.policy must be one of pause, conflate, drop-oldest, disconnect$/],
      [
        method('{policy: drop}'),
        /^g\.yaml:3:18: methods\."a\.B\/C"\.slowReader\.policy must be one of pause, conflate/,
      ],
      [method('{policy: conflate}'), /slowReader\.key must be a field of the response/],
      [method('{policy: conflate, key: ""}'), /slowReader\.key must be a field/],
      [method('{policy: conflate, key: 5}'), /slowReader\.key must be a field/],
      [
        method('{policy: conflate, key: a, afterMs: 5}'),
        /3:44: .*afterMs has no meaning for the policy conflate, which takes key and maxMessages$/,
      ],
      [method('{policy: drop-oldest, maxMesages: 5}'), /maxMesages is unknown, did you mean maxMessages\?/],
      [
        method('{policy: drop-oldest, maxMessages: 0}'),
        /maxMessages must be a whole number from 1 to 2147483647$/,
      ],
      [method('{policy: drop-oldest, maxMessages: 1.5}'), /maxMessages must be a whole number/],
      [method('{policy: drop-oldest, maxMessages: "5"}'), /maxMessages must be a whole number/],
      [
        method('{policy: disconnect, afterMs: 2147483648}'),
        /afterMs must be a whole number of milliseconds from 1 to 2147483647$/,
      ],
      [
        method('{policy: pause, key: a}'),
        /3:33: .*key has no meaning for the policy pause, which takes nothing$/,
      ],
      ['methods: {a.B/C: {x: 1}, a.B/D: {y: 1}}', /1:19: .*x is unknown.* \(and 1 more\)$/],
      [
        method('{polcy: pause}'),
        /^g\.yaml:3:18: .*polcy is unknown, did you mean policy\?; allowed here: policy, key, maxMessages, afterMs \(and 1 more\)$/,
      ],
      [
        method('{afterMs: x}'),
        /afterMs must be a whole number of milliseconds from 1 to \d+ \(and 1 more\)$/,
      ],
      ['methods: {', /^g\.yaml:1:11: /],
      ['a: 1\na: 2', /^g\.yaml:2:1: .*unique/],
      ['methods: !foo {}', /^g\.yaml:1:10: .*tag/],
      ['methods: *a', /^g\.yaml.*[aA]lias/],
      ['__proto__: {}', /^g\.yaml:1:1: a key must be a word/],
      ['methods: {__proto__: {}}', /^g\.yaml:1:11: a key must be a word/],
      ['? [a]\n: 1', /a key must be a word/],
      ['{}\n---\n{}', /^g\.yaml/],
      [
        `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefgh'].map((name, n) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[n]}`)}]`).join('\n')}`,
        /^g\.yaml.*alias/i,
      ],
    ];
    for (const [text, message] of cases) {
      const problem = await parseConfig(text, 'g.yaml').then(
        (config) => t.fail(`took ${text} as ${JSON.stringify(config)}`),
        (reason: unknown) => reason,
      );
      if (!(problem instanceof ConfigError)) {
        t.fail(`${text}: ${problem}`);
        continue;
      }
      t.match(problem.message, message, text);
      t.notMatch(problem.message, /\n/, 'one line');
    }
  },
);
