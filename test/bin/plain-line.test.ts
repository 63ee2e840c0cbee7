import fc from 'fast-check';
import { pino } from 'pino';
import t from 'tap';
import { createLogger } from '../../bin/log.js';
import { plainLine } from '../../bin/plain-line.js';

type Log = (fields: object, message: string) => void;

/** The line of our logger and that of pino's own, without their times. */
function bothLines(write: (log: ReturnType<typeof createLogger>) => void): [ours: string, pinos: string] {
  const got = ['', ''];
  const timeless = (line: string) => line.replace(/"time":"[^"]*"/, '"time":""');
  write(
    createLogger('info', (line) => {
      got[0] += timeless(line);
    }),
  );
  write(
    pino(
      { level: 'info', base: null, timestamp: () => ',"time":""' },
      {
        write(line) {
          got[1] += line;
        },
      },
    ),
  );
  return got as [string, string];
}

const texts = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', maxLength: 120 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    '',
    '"',
    '\\',
    '\n',
    '\u007f',
    '\u2028',
    '\ud800',
    'x\udc00"',
    'é',
    '😀',
    'x'.repeat(100),
    'x'.repeat(101),
  ),
);
const values = fc.oneof(
  texts,
  fc.integer(),
  fc.double(),
  fc.constantFrom(
    undefined,
    null,
    true,
    -0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1e21,
    1e-7,
    12n.toString(),
  ),
  fc.constantFrom(new Error('broken'), [1, 'a'], { a: 1 }, () => 1, new Date(0)),
);
const NAMES = [
  'requestId',
  'method',
  'code',
  'durationMs',
  'received',
  'peer',
  'problem',
  'err',
  'msg',
  'level',
];

t.test('every line has the bytes that pino writes for it', (t) => {
  const given = fc.record({
    fields: fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), values), { selector: ([name]) => name }),
    message: fc.oneof(texts, fc.constantFrom('call', '%s', '%%', 'a %d')),
    level: fc.constantFrom('debug', 'info', 'warn', 'error'),
    isChild: fc.boolean(),
  });
  fc.assert(
    fc.property(given, ({ fields, message, level, isChild }) => {
      const [ours, pinos] = bothLines((root) => {
        const log = isChild ? root.child({ requestId: '7' }) : root.child({}, { level: 'warn' });
        if (!isChild) log.level = 'info';
        (log[level as 'info'] as Log).call(log, Object.fromEntries(fields), message);
      });
      t.equal(ours, pinos);
    }),
    { numRuns: 2_000 },
  );
  t.end();
});

t.test('what is written in other ways than with fields and a message is as pino writes it', (t) => {
  const [ours, pinos] = bothLines((log) => {
    log.info('alone');
    log.info({ code: 'OK' });
    log.info({ code: 'OK' }, 'a %s', 'b');
    log.error(new Error('broken'), 'failed');
    log.info(null, 'nothing');
    log.info(Object.create({ inherited: 1 }), 'inherited');
    log.debug({ code: 'OK' }, 'not written');
  });
  const stackless = (lines: string) => lines.replace(/"stack":"[^"]*"/, '');
  t.equal(stackless(ours), stackless(pinos));
  t.end();
});

t.test('the line of a call and of a refusal come past pino', (t) => {
  const call = { requestId: 'a-1', reason: undefined, durationMs: 1.234, received: 1, peer: '127.0.0.1' };
  t.equal(
    plainLine('{"level":30', call, 'call'),
    '{"level":30,"requestId":"a-1","durationMs":1.234,"received":1,"peer":"127.0.0.1","msg":"call"}\n',
  );
  const refusal = { httpStatus: 421, problem: 'host "a" is not served here' };
  t.equal(
    plainLine('{"level":30', refusal, 'request refused'),
    '{"level":30,"httpStatus":421,"problem":"host \\"a\\" is not served here","msg":"request refused"}\n',
  );
  t.equal(plainLine('{"level":30', { problem: 'a\ud800' }, 'call'), undefined);
  t.equal(plainLine('{"level":30', { err: new Error('broken') }, 'call failed'), undefined);
  t.end();
});
