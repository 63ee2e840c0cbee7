import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { exactJson } from '../../../clients/playground/json/exact-json.js';
import { callCopies } from '../../../clients/playground/share/call-copies.js';
import { queryFromRequest } from '../../../clients/playground/share/query-text.js';
import { openOwnService } from '../../support/own-service.js';
import { callLine } from '../../support/sluice-call.js';
import { transpile } from '../transpiled.js';

/** How many requests of each kind are made up; more find more. */
const SEEDS = Number(process.env.SEEDS ?? 2);
const run = promisify(execFile);

const PROTO = `
  import "google/protobuf/timestamp.proto";
  enum Level { LEVEL_UNSPECIFIED = 0; HIGH = 2; }
  message Odd {
    string text = 1; bytes data = 2; int64 long = 3; uint64 unsigned = 4; double number = 5; float short = 6;
    map<string, string> labels = 7; repeated string tags = 8; Odd child = 9; Level level = 10; optional string maybe = 11;
    oneof choice { int32 first = 12; string second = 13; }
    google.protobuf.Timestamp at = 14; repeated int64 longs = 15; map<int64, bool> flags = 16;
  }
  service S {
    rpc One(Odd) returns (Odd) { option idempotency_level = NO_SIDE_EFFECTS; }
    rpc Down(Odd) returns (stream Odd) { option idempotency_level = NO_SIDE_EFFECTS; }
    rpc Up(stream Odd) returns (Odd);
    rpc Both(stream Odd) returns (stream Odd);
  }`;

const KINDS = [
  ['One', 'unary'],
  ['Down', 'server_stream'],
  ['Up', 'client_stream'],
  ['Both', 'bidi_stream'],
] as const;

/** What shells, JavaScript, URLs and JSON take for something else. */
const ODD_TEXTS = [
  "it's",
  '"quoted"',
  'a\nb\r\n\tc',
  ['$HOME $', '{x} $(id) `id`'].join(''),
  'back\\slash \\n \\\\',
  'é ü 漢字 😀',
  '\u2028 \u2029 \u0000 \u001b[31m \u007f',
  '!! !$ #x %20 %s ~ * ? [a] {b,c}',
  '--data @/etc/passwd',
  '&a=b;c|d>e<f',
  '</script><!--',
  "'\\''",
  '',
  ' ',
  '__proto__',
];

/** The same numbers for the same seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

/** A message as the text of its JSON: numbers stand there as a person writes them, beyond what JavaScript counts as well. */
function oddMessage(random: (below: number) => number, depth = 0): string {
  const one = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const text = () => JSON.stringify(one(ODD_TEXTS) + (random(2) ? one(ODD_TEXTS) : ''));
  const long = () => one(['9007199254740993', '-9223372036854775808', '"9223372036854775807"', '0', '12']);
  const members: [name: string, value: () => string][] = [
    ['text', text],
    ['data', () => JSON.stringify(Buffer.from([random(256), 251, 255, random(256)]).toString('base64'))],
    ['long', long],
    ['unsigned', () => one(['18446744073709551615', '"18446744073709551614"', '1'])],
    [
      'number',
      () => one(['"NaN"', '"Infinity"', '"-Infinity"', '-0.0', '1e300', '0.1', '12345678901234567890']),
    ],
    ['short', () => one(['"NaN"', '3.5', '-1e-7'])],
    ['labels', () => `{${JSON.stringify(one(ODD_TEXTS))}: ${text()}, "k": ${text()}}`],
    ['tags', () => `[${text()},\n ${text()}]`],
    ['child', () => (depth > 1 ? '{}' : oddMessage(random, depth + 1))],
    ['level', () => one(['"HIGH"', '2'])],
    ['maybe', () => one(['""', text()])],
    one([
      ['first', () => '0'],
      ['second', text],
    ] as const) as [string, () => string],
    ['at', () => '"2024-05-01T12:00:00.123456789Z"'],
    ['longs', () => `[${long()}, ${long()}]`],
    ['flags', () => '{"-9223372036854775808": true, "7": false}'],
  ];
  const chosen = members.filter(() => random(3) > 0);
  return `{\n${chosen.map(([name, value]) => `  "${name}" :  ${value()}`).join(',\n')}\n}`;
}

/** What a program says, whatever it exits with. */
async function output(file: string, line: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run(file, line).catch(
    (failure) => failure as { stdout: string; stderr: string },
  );
  return stdout + stderr;
}

/** In a module of its own folder, with the package as npm installs it. */
function scripts(t: Test) {
  const folder = t.testdir();
  for (const part of ['retry', 'browser']) transpile(`clients/${part}`, folder);
  const installed = join(folder, 'node_modules', 'sluice');
  mkdirSync(installed, { recursive: true });
  const exports = { './browser': './browser.js' };
  writeFileSync(join(installed, 'package.json'), JSON.stringify({ name: 'sluice', type: 'module', exports }));
  const entry = pathToFileURL(join(folder, 'clients', 'browser', 'index.js')).href;
  writeFileSync(join(installed, 'browser.js'), `export * from ${JSON.stringify(entry)};`);
  writeFileSync(join(folder, 'clients', 'package.json'), '{"type":"module"}');
  const flags = globalThis.WebSocket === undefined ? ['--experimental-websocket'] : [];
  return async (text: string) => {
    const file = join(folder, 'pasted.mjs');
    writeFileSync(file, text);
    return await output(process.execPath, [...flags, '--no-warnings', file]);
  };
}

/** Node has no EventSource everywhere: one that asks once, and prints what it is told. */
const EVENT_SOURCE = `class EventSource {
  constructor(url) {
    fetch(url, { headers: { accept: 'text/event-stream' } }).then(async (answer) => {
      const text = await answer.text();
      for (const [, data] of text.matchAll(/^data: ?(.*)$/gm)) this.onmessage({ lastEventId: '', data });
    });
  }
  addEventListener() {}
  close() {}
}
`;

/** The words that a program gets of a pasted command. */
async function wordsOf(command: string, program: string): Promise<string[]> {
  const { stdout } = await run('bash', ['-c', `${program}() { printf '%s\\0' "$@"; }; ${command}`]);
  return stdout.split('\0').slice(0, -1);
}

t.test('pasted as it is, a copied call sends what the page would, whatever is in it', async (t) => {
  const { url, upstream, schema, encode, decode } = await openOwnService(t, PROTO, () => ({
    One: [{ in: 'end' }, { out: new Uint8Array(0) }],
    Down: [{ in: 'end' }, { out: new Uint8Array(0) }],
    Up: [{ in: 'end' }, { out: new Uint8Array(0) }],
    Both: [{ in: 'end' }, { out: new Uint8Array(0) }],
  }));
  const type = schema.registry.getMessage('t.Odd');
  if (type === undefined) return t.fail('no t.Odd');
  const module = scripts(t);
  const headers = {
    'grpc-metadata-who': 'it\'s "$(id)" \\ `x` %41',
    'grpc-metadata-x-bin': 'AAEC/w==',
    'grpc-metadata-none': '',
  };
  let queries = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const random = randomFrom(seed);
    for (const [name, kind] of KINDS) {
      const count = kind === 'client_stream' || kind === 'bidi_stream' ? 1 + random(3) : 1;
      const messages = Array.from({ length: count }, () => oddMessage(random));
      // What the gateway itself reads in the text.
      const wanted = messages.map((text) => decode('Odd', encodedText(text)));
      const query = queryFromRequest(type, exactJson(messages[0] as string));
      const call = { kind, path: `/t.S/${name}`, gatewayAddress: url, headers, messages, query };
      for (const { id, text } of callCopies(call)) {
        const label = `seed ${seed}, ${name}, ${id}`;
        const before = upstream.calls(call.path).length;
        const alone = id === 'wscat' || id === 'websocket' ? messages.slice(0, 1) : messages;
        let said = '';
        if (id === 'curl') said = await output('sh', ['-c', text.replace('curl ', 'curl -sS ')]);
        else if (id === 'grpcurl') {
          const words = await wordsOf(text, 'grpcurl');
          const [address = '', method = ''] = words.slice(-2);
          const options = words.slice(1, -2);
          const ended = await callLine(t, ['--grpc', `http://${address}`, method, ...options]);
          t.equal(ended.code, 0, `${label} ${ended.errors}`);
        } else if (id === 'wscat') {
          const words = await wordsOf(text, 'npx');
          t.same(JSON.parse(words[words.indexOf('-x') + 1] ?? ''), JSON.parse(alone[0] as string), label);
          continue;
        } else said = await module(id === 'eventsource' ? EVENT_SOURCE + text : text);
        if (upstream.calls(call.path).length === before) {
          t.fail(`${label}: nothing was called`, { said, text });
          continue;
        }
        const { received, over, metadata } = await upstream.call(call.path, before);
        await over;
        const seen = received.map((bytes) => decode('Odd', bytes));
        t.same(seen, wanted, label, { text, said });
        if (id === 'eventsource') queries += 1;
        if (id === 'eventsource' || id === 'websocket') continue;
        const sent = metadata.map(([one, value]) => `${one}: ${value.replace(/=*$/, '')}`);
        t.ok(sent.includes(`who: ${headers['grpc-metadata-who']}`), label);
        t.ok(sent.includes('x-bin: AAEC/w'), label);
        t.ok(sent.includes('none: '), label);
      }
    }
  }
  t.ok(queries > 0, 'some requests fit into an address');

  function encodedText(text: string): Uint8Array {
    return encode('Odd', JSON.parse(withQuotedNumbers(text)));
  }
});

/** ProtoJSON takes numbers as texts as well, which JavaScript does not round. */
function withQuotedNumbers(text: string): string {
  return text.replace(/([:,[]\s*)(-?\d[\d.e+-]*)(?=\s*[,\]}\n])/g, (_, before: string, number: string) =>
    number.includes('.') || number.includes('e') || number === '2'
      ? `${before}${number}`
      : `${before}"${number}"`,
  );
}
