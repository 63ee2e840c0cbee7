import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { HELP_GROUPS } from '../bin/help.js';
import {
  CALL_COMMAND,
  CORE_COMMAND,
  type CommandOption,
  DESCRIBE_COMMAND,
  GATEWAY_COMMAND,
  LIST_COMMAND,
  START_COMMAND,
  TOP_COMMAND,
} from '../bin/options/index.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Words with which a text says neither who does something nor to what. */
const VAGUE = /\bnobody\b|\bwhat has come\b|\bwhat came\b|\bis none that\b/i;

/** The same in texts of the code: nouns without a name, and an order that has to be read twice. */
const VAGUE_TEXT =
  /\bso many\b|\bwhoever\b|\bis none\b|\bthere is none\b|\bhas no place\b|\bstands for\b|\btook nothing\b|\b(?:did not|had|has) come\b|\bis not known here\b/i;

/** The string literals of code, each on one line. */
const LITERAL = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g;

function filesIn(folder: string, ending: RegExp): string[] {
  return readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => ending.test(name))
    .map((name) => `${folder}/${name}`);
}

/** The code of a file: comments are for those who change it. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/ .*$/gm, '');
}

t.test('errors, log lines, help and documents say who does what', (t) => {
  const code = ['bin', 'gateway', 'grpc-core', 'clients'].flatMap((folder) => filesIn(folder, /\.ts$/));
  const documents = [
    'README.md',
    'gateway/PROTOCOL.md',
    'clients/browser/README.md',
    ...filesIn('docs', /\.md$/),
  ];
  t.ok(code.length > 200);
  for (const name of [...code, ...documents]) {
    const text = readFileSync(root + name, 'utf8');
    const read = name.endsWith('.ts') ? withoutComments(text) : text;
    for (const line of read.split('\n')) if (VAGUE.test(line)) t.fail(`${name}: ${line.trim()}`);
  }
  t.end();
});

t.test('no text of the code has to be read twice', (t) => {
  const code = ['bin', 'gateway', 'grpc-core', 'clients'].flatMap((folder) => filesIn(folder, /\.ts$/));
  for (const name of code) {
    const literals = withoutComments(readFileSync(root + name, 'utf8')).match(LITERAL) ?? [];
    // One word is a name, and no text.
    for (const text of literals) if (text.includes(' ') && VAGUE_TEXT.test(text)) t.fail(`${name}: ${text}`);
  }
  t.end();
});

t.test('the help of every option is one plain phrase', async (t) => {
  for (const table of [
    CORE_COMMAND,
    GATEWAY_COMMAND,
    START_COMMAND,
    CALL_COMMAND,
    DESCRIBE_COMMAND,
    LIST_COMMAND,
    TOP_COMMAND,
  ]) {
    for (const [name, { help, group }] of Object.entries<CommandOption>(table)) {
      t.match(help, /^[a-z.*:]|^CA |^PEM/, `${name} begins small`);
      t.notMatch(help, /[.]$|\s{2}/, `${name} has no full stop`);
      t.notMatch(help, /\bmilliseconds?\b|\bbytes\b/, `${name}: its unit is shown with its default`);
      t.ok(help.length < 240, `${name} is short`);
      t.ok(HELP_GROUPS.includes(group), `${name} is under a heading`);
    }
  }
  const { help } = GATEWAY_COMMAND.heartbeatMs;
  for (const surface of ['SSE', 'NDJSON', 'array', 'WebSocket']) t.match(help, surface);
});
