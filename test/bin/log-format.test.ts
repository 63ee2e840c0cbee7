import fc from 'fast-check';
import { pino } from 'pino';
import t from 'tap';
import { prettyLine } from '../../bin/log-format.js';

const PLAIN = { colours: false };

/** What a terminal may take for a command or for the end of a line, but for the line feed at the end. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

function lineOf(fields: object, message: string): string {
  let line = '';
  const time = pino.stdTimeFunctions.isoTime;
  pino({ base: null, timestamp: time }, { write: (text: string) => (line = text) }).info(fields, message);
  return line;
}

t.test('a record is one line: time, level, message and fields', (t) => {
  const line = JSON.stringify({
    level: 30,
    time: '2026-11-26T05:00:01.234Z',
    requestId: 'r1',
    method: 'a.B/C',
    durationMs: 1.5,
    problem: 'two words',
    names: ['x', 'y z'],
    msg: 'call',
  });
  t.equal(
    prettyLine(`${line}\n`, PLAIN),
    '05:00:01.234 INFO  call requestId=r1 method=a.B/C durationMs=1.5 problem="two words" names=["x","y z"]\n',
  );
  t.match(prettyLine('{"level":45}', PLAIN), / 45 /, 'an unknown level stays');
  t.end();
});

t.test('a failure has its stack, in the same line', (t) => {
  const text = prettyLine(lineOf({ err: new Error('no\nroom') }, 'call failed'), PLAIN);
  t.match(text, /INFO {2}call failed err="Error: no \| room \| at .+log-format\.test\.ts/);
  t.equal(text.indexOf('\n'), text.length - 1);
  t.end();
});

t.test('colours only where they are wanted', (t) => {
  const line = lineOf({ requestId: 'r1' }, 'call');
  t.notMatch(prettyLine(line, PLAIN).slice(0, -1), UNSAFE);
  t.ok(prettyLine(line, { colours: true }).includes('\u001b[32mINFO'));
  t.end();
});

t.test('no value, name or message ends the line or reaches the terminal', (t) => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '\u001b[2J',
      '\u009b31m',
      'a\nINFO forged',
      '\r',
      '\u202egnp.exe',
      '\u0007',
      '\u2028',
      '\ud800',
    ),
  );
  fc.assert(
    fc.property(hostile, hostile, hostile, (name, value, message) => {
      const fields = { [`x${name}`]: value, list: [value], inner: { [name]: value } };
      for (const line of [lineOf(fields, message), `${value}\n`]) {
        const text = prettyLine(line, PLAIN);
        if (!text.endsWith('\n') || UNSAFE.test(text.slice(0, -1))) return false;
      }
      return true;
    }),
    { numRuns: 500 },
  );
  t.end();
});
