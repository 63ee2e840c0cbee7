import { readFileSync } from 'node:fs';
import t from 'tap';
import { loggedMessages } from './log-vocabulary.js';

// The type checker reads the whole source, which takes a busy machine a while.
t.setTimeout(120_000);

const page = readFileSync(new URL('../docs/logs.md', import.meta.url), 'utf8');

/** The rows of the tables below a heading. */
function rowsBelow(heading: string): string[][] {
  const [, text = ''] = page.split(`\n## ${heading}\n`);
  return (text.split('\n## ')[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
}

const listOf = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string);

const documented = new Map(
  rowsBelow('Messages').map(([, message = '', levels = '', fields = '']) => [
    message.replaceAll('`', ''),
    { levels: levels.split(', '), fields: listOf(fields) },
  ]),
);
const written = loggedMessages();

t.test('docs/logs.md lists every message that the source writes, and no other', (t) => {
  t.same([...documented.keys()].toSorted(), [...written.keys()].toSorted());
  t.end();
});

t.test('each message has the levels and the fields that are documented', (t) => {
  for (const [message, { levels, fields }] of written) {
    t.same(documented.get(message)?.levels.toSorted(), [...levels].toSorted(), `levels of "${message}"`);
    t.same(documented.get(message)?.fields.toSorted(), [...fields].toSorted(), `fields of "${message}"`);
  }
  t.end();
});

t.test('each field is documented once, and used', (t) => {
  const fields = rowsBelow('Fields').map(([, name = '', type = '', meaning = '']) => {
    t.ok(type !== '' && meaning !== '', `${name} says what it is`);
    return name.replaceAll('`', '');
  });
  const used = new Set([...written.values()].flatMap(({ fields }) => [...fields]));
  t.same(fields.toSorted(), [...used, 'level', 'time', 'msg'].toSorted());
  t.end();
});

t.test('a line of a request names it', (t) => {
  const ofRequests = /^(call|request|session|websocket|metadata|batch|handler|leaving)\b/;
  for (const [message, { fields }] of written) {
    if (ofRequests.test(message)) t.ok(fields.has('requestId'), message);
    if (fields.has('code')) t.ok(fields.has('requestId'), `${message} has a code, so it is of a request`);
    if (fields.has('durationMs')) t.match(message, /^call|drained$/);
  }
  t.end();
});
