import fc from 'fast-check';
import t from 'tap';
import { jsonValues } from '../../../bin/call/json-values.js';
import { prettyJson } from '../../../bin/call/pretty-json.js';

async function* chunksOf(pieces: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece);
}

async function valuesOf(pieces: readonly (string | Uint8Array)[], byLine = false, maxLength = 1_000) {
  const values: [number, string][] = [];
  for await (const { line, text } of jsonValues(chunksOf(pieces), { byLine, maxLength }))
    values.push([line, text]);
  return values;
}

t.test('values end where their brackets do, or with their line', async (t) => {
  const cases: [text: string, values: [number, string][]][] = [
    ['', []],
    ['\n \r\n\t', []],
    [
      '{"a":1}\n{"a":2}\n',
      [
        [1, '{"a":1}'],
        [2, '{"a":2}'],
      ],
    ],
    [
      '{"a":1}{"a":2}',
      [
        [1, '{"a":1}'],
        [1, '{"a":2}'],
      ],
    ],
    [
      '{\n"a": 1\n}\n\n{}\r\n[]',
      [
        [1, '{\n"a": 1\n}'],
        [5, '{}'],
        [6, '[]'],
      ],
    ],
    [
      '{"a":"}\\"{"}\n"x"\nhello {\n7',
      [
        [1, '{"a":"}\\"{"}'],
        [2, '"x"'],
        [3, 'hello {'],
        [4, '7'],
      ],
    ],
  ];
  for (const [text, values] of cases) {
    t.same(await valuesOf([text]), values, JSON.stringify(text));
    t.same(
      await valuesOf([...Buffer.from(text)].map((byte) => Uint8Array.of(byte))),
      values,
      `${JSON.stringify(text)}, byte by byte`,
    );
  }
  t.same(
    await valuesOf(['{"a":\n{"b":1}\n'], true),
    [
      [1, '{"a":'],
      [2, '{"b":1}'],
    ],
    'a line that is typed is a value',
  );
  t.same(await valuesOf(['\u{feff}{}']), [[1, '{}']], 'a mark of UTF-8 is no value');
});

t.test('what has no end, is too long or is not UTF-8 is named by its line', async (t) => {
  await t.rejects(valuesOf(['{}\n{"a":\n']), { message: 'line 2: this JSON has no end' });
  await t.rejects(valuesOf(['{}\n\n{"a":"', 'x'.repeat(2_000)]), {
    message: 'line 3: longer than 1000 characters',
  });
  await t.rejects(valuesOf(['{}\n', Uint8Array.of(0x22, 0xff, 0x22)]), { message: 'line 2: not UTF-8' });
});

t.test('indented JSON is that of JSON.stringify, and numbers stay as they are written', async (t) => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const line = JSON.stringify(JSON.parse(text));
      return prettyJson(line) === JSON.stringify(JSON.parse(text), undefined, 2);
    }),
  );
  t.equal(
    prettyJson('{"a": 9007199254740993, "b":[1.0,[] ,{ }]}'),
    '{\n  "a": 9007199254740993,\n  "b": [\n    1.0,\n    [],\n    {}\n  ]\n}',
  );
});
