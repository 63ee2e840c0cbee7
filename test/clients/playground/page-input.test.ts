import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import t from 'tap';
import { createPauseGate } from '../../../clients/playground/call/pause-gate.js';
import { headersFromText, messageFromText } from '../../../clients/playground/json/request-input.js';
import { servicesFromJson } from '../../../clients/playground/schema/services.js';
import { curlCommand, shellQuote } from '../../../clients/playground/share/curl-command.js';

t.test('a shell takes a quoted word as it is', async () => {
  const word = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom("'", "''", "\\'", '$(id)', '`id`', '!!', 'a\nb', '-n', '"', ''),
  );
  fc.assert(
    fc.property(
      word.map((text) => text.replaceAll('\0', '')),
      (text) => {
        const printed = execFileSync('sh', ['-c', `printf '%s' ${shellQuote(text)}`], { encoding: 'utf8' });
        assert.equal(printed, text);
      },
    ),
    { numRuns: 40 },
  );
});

t.test('the curl command says the same call in one shell command', async (t) => {
  const command = curlCommand({
    kind: 'bidi_stream',
    url: 'http://h/a.B/C',
    headers: { authorization: "it's" },
    body: '{\n  "a": 1\n}',
  });
  const words = execFileSync('sh', ['-c', `curl() { printf '%s\\n' "$@"; }; ${command}`], {
    encoding: 'utf8',
  });
  t.same(words.trimEnd().split('\n'), [
    '-N',
    'http://h/a.B/C',
    '-H',
    'content-type: application/x-ndjson',
    '-H',
    'accept: application/x-ndjson',
    '-H',
    "authorization: it's",
    '--data-raw',
    '{"a":1}',
  ]);
  t.match(curlCommand({ kind: 'unary', url: 'u', headers: {}, body: '{"a":' }), `--data-raw '{"a":'`);
});

t.test('what a person typed is read, or the error says where it is wrong', async (t) => {
  t.same(messageFromText('  '), {});
  t.same(messageFromText('{"a":[1]}'), { a: [1] });
  t.throws(() => messageFromText('{'), /not JSON/);
  t.same(headersFromText('A-b: c:d\n\n  x:\n'), { 'a-b': 'c:d', x: '' });
  t.throws(() => headersFromText('a: b\nno colon'), /line 2/);
  t.throws(() => headersFromText(': b'), /line 1/);
  t.throws(() => headersFromText('a b: c'), /line 1/);
  const odd = headersFromText('__proto__: x');
  t.equal(Object.getPrototypeOf(odd), Object.prototype, 'a name from outside does not reach a prototype');
});

t.test('the list of services is read, and what is not understood is left out', async (t) => {
  t.same(servicesFromJson({ services: [{ name: 'a.B', methods: [{ name: 'C', kind: 'unary' }] }] }), [
    {
      name: 'a.B',
      comment: '',
      methods: [
        {
          name: 'C',
          kind: 'unary',
          path: '/a.B/C',
          comment: '',
          http: [],
          example: {},
          safe: false,
          file: false,
          upload: undefined,
          resumable: false,
          recorded: false,
        },
      ],
    },
  ]);
  for (const odd of [
    null,
    1,
    'x',
    [],
    {},
    { services: 1 },
    { services: [null] },
    { services: [{ methods: [1, {}] }] },
  ]) {
    t.same(
      servicesFromJson(odd).flatMap(({ methods }) => methods),
      [],
    );
  }
  const kinds = ['__proto__', 'toString', 'newer_kind', 7].map((kind) => ({ name: 'C', kind }));
  t.same(servicesFromJson({ services: [{ name: 'a.B', methods: kinds }] })[0]?.methods, []);
});

t.test('a closed gate holds its loop until it opens', async (t) => {
  const gate = createPauseGate();
  await gate.passed();
  gate.close();
  gate.close();
  t.ok(gate.closed);
  let passed = 0;
  const waiting = [gate.passed(), gate.passed()].map((one) =>
    one.then(() => {
      passed += 1;
    }),
  );
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(passed, 0);
  gate.open();
  await Promise.all(waiting);
  t.equal(passed, 2);
  t.notOk(gate.closed);
});

t.test('a brake lets so many pass in a second, and can be let go at any time', async (t) => {
  const gate = createPauseGate();
  gate.slowTo(0);
  let passed = 0;
  const step = gate.passed().then(() => {
    passed += 1;
  });
  await Promise.resolve();
  t.equal(passed, 0, 'nothing passes at 0 a second');
  gate.slowTo(1_000);
  await step;
  const begun = performance.now();
  for (let count = 0; count < 20; count += 1) await gate.passed();
  t.ok(performance.now() - begun >= 18, 'twenty take their time');
  gate.slowTo(0.001);
  await gate.passed();
  const waiting = gate.passed();
  gate.end();
  await waiting;
  await gate.passed();
});
