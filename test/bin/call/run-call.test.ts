import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { parseConfig } from '../../../gateway/index.js';
import { descriptorSetFromSchema } from '../../../gateway/schema/index.js';
import { Code, type CodeName } from '../../../gateway/status/index.js';
import { issuerKey, openIssuer } from '../../support/issuer.js';
import { type OwnService, openOwnService } from '../../support/own-service.js';
import type { Scripts } from '../../support/scripted-upstream.js';
import { callLine, startCallLine } from '../../support/sluice-call.js';

const PROTO = `
  import "google/protobuf/any.proto";
  message Item { string text = 1; int32 number = 2; repeated string tags = 3; Item child = 4; }
  message Piece { bytes data = 1; string name = 2; }
  service S {
    rpc One(Item) returns (Item);
    rpc Down(Item) returns (stream Item);
    rpc Up(stream Item) returns (Item);
    rpc Both(stream Item) returns (stream Item);
    rpc Fails(Item) returns (Item);
    rpc Store(stream Piece) returns (Item);
    rpc StoreOne(Piece) returns (Item);
    rpc Fetch(Item) returns (stream Piece);
  }`;

/** A service, and how it is reached: through a gateway and directly. */
async function open(
  t: Test,
  scripts: (encode: OwnService['encode']) => Scripts,
): Promise<OwnService & { readonly ways: readonly (readonly [name: string, line: readonly string[]])[] }> {
  const service = await openOwnService(t, PROTO, scripts);
  const folder = mkdtempSync(join(tmpdir(), 'sluice-call-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const set = join(folder, 'set.binpb');
  writeFileSync(set, descriptorSetFromSchema(service.schema));
  return {
    ...service,
    ways: [
      ['gateway', ['--address', service.url]],
      ['grpc', ['--grpc', '--address', service.upstream.target, '--descriptor-set', set]],
    ],
  };
}

const lines = (...items: object[]) => items.map((item) => `${JSON.stringify(item)}\n`).join('');

t.test('four kinds, through a gateway and directly, with every way to give a request', async (t) => {
  const { ways, upstream, decode } = await open(t, (encode) => {
    const out = encode('Item', { text: 'answer' });
    return {
      One: [{ in: 'end' }, { out }],
      Down: [{ in: 'end' }, { out, times: 3 }],
      Up: [{ in: 'end' }, { out }],
      Both: [{ echo: true }],
    };
  });
  const file = join(t.testdir(), 'request.json');
  const one = { text: 'x', number: 7, tags: ['a', 'b'], child: { text: 'y' } };
  writeFileSync(file, JSON.stringify(one, undefined, 2));
  const args = ['text=x', 'number=7', 'tags=a', 'tags=b', 'child.text=y'];
  const inputs: [name: string, line: string[], input: string][] = [
    ['arguments', args, ''],
    ['-d JSON', ['-d', JSON.stringify(one)], ''],
    ['-d @file', ['-d', `@${file}`], ''],
    ['-d -', ['-d', '-'], lines(one)],
    ['-d @-', ['-d', '@-'], `\n${JSON.stringify(one, undefined, 2)}\n`],
    [
      'arguments and data',
      [...args.slice(0, 2), '-d', JSON.stringify({ tags: one.tags, child: one.child })],
      '',
    ],
  ];
  const methods: [name: string, out: (items: object[]) => object[]][] = [
    ['One', () => [{ text: 'answer' }]],
    ['Down', () => [{ text: 'answer' }, { text: 'answer' }, { text: 'answer' }]],
    ['Up', () => [{ text: 'answer' }]],
    ['Both', (items) => items],
  ];
  for (const [way, address] of ways) {
    for (const [method, out] of methods) {
      for (const [how, line, input] of inputs) {
        const name = `${way}, ${method}, ${how}`;
        const before = upstream.calls(`/t.S/${method}`).length;
        const ended = await callLine(t, [...address, `t.S/${method}`, ...line], { input });
        t.same(ended, { code: 0, out: lines(...out([one])), errors: '' }, name);
        const { received, over } = await upstream.call(`/t.S/${method}`, before);
        await over;
        t.same(
          received.map((bytes) => decode('Item', bytes)),
          [one],
          name,
        );
      }
    }
    const many = [{ text: 'a' }, { text: 'b' }, { number: 3 }];
    const streamed = await callLine(t, [...address, 'Both'], { input: lines(...many) });
    t.same(
      streamed,
      { code: 0, out: lines(...many), errors: '' },
      `${way}: a stream of requests is read from the standard input`,
    );
    const joined = await callLine(t, [
      ...address,
      'Both',
      'number=9',
      '-d',
      '{"text":"a"} {"text":"b","number":1}',
    ]);
    t.same(
      joined.out,
      lines({ text: 'a', number: 9 }, { text: 'b', number: 1 }),
      `${way}: fields are in every message, and data wins`,
    );
    const none = await callLine(t, [...address, 'Both'], { input: '' });
    t.same(none, { code: 0, out: '', errors: '' }, `${way}: a stream without a message`);
    t.same(
      (await callLine(t, [...address, 'One'], { input: 'not read' })).code,
      0,
      `${way}: no request is an empty one`,
    );
  }
});

t.test(
  'the exit code is 64 and the code, with name, message and details on the standard error',
  async (t) => {
    const codes = Object.keys(Code).filter((name) => name !== 'OK') as CodeName[];
    const { ways } = await open(t, () => ({
      Fails: (metadata) => {
        const status = metadata.find(([name]) => name === 'x-code')?.[1] as CodeName;
        return [{ in: 1 }, { status, message: `said ${status}\u001b[31m` }];
      },
    }));
    for (const [way, address] of ways) {
      for (const name of codes) {
        const { code, out, errors } = await callLine(t, [...address, 'Fails', '-H', `x-code: ${name}`]);
        t.same({ code, out }, { code: 64 + Code[name], out: '' }, `${way} ${name}`);
        t.equal(errors, `sluice call: ${name}: said ${name}\\u001b[31m\n`, `${way} ${name}`);
      }
    }
  },
);

t.test('an error of the gateway says that it is one, and a service that is not there is 78', async (t) => {
  const { ways, url, upstream } = await open(t, () => ({ One: [{ in: 'end' }] }));
  const [, [, direct = []] = []] = ways;
  upstream.close();
  const behind = await callLine(t, ['--address', url, 'One']);
  t.equal(behind.code, 78);
  t.match(behind.errors, /^sluice call: UNAVAILABLE: .* \[of the gateway: [A-Z_]+\]\n/);
  const gone = await callLine(t, [...direct, 'One', '--deadline', '20s']);
  t.equal(gone.code, 78);
  const none = await callLine(t, ['--address', 'http://127.0.0.1:1', 'One']);
  t.match(none, { code: 78, errors: /^sluice call: UNAVAILABLE: 127\.0\.0\.1:1: .*ECONNREFUSED/ });
});

t.test('a deadline ends the call, and is told to the service', async (t) => {
  const { ways, upstream } = await open(t, () => ({ Down: [{ wait: new Promise(() => {}) }] }));
  for (const [index, [way, address]] of ways.entries()) {
    const { code, errors } = await callLine(t, [...address, 'Down', '--deadline', '300ms']);
    t.equal(code, 68, way);
    t.match(errors, /^sluice call: DEADLINE_EXCEEDED/, way);
    t.equal((await upstream.call('/t.S/Down', index)).hasDeadline, true, way);
  }
});

t.test(
  'metadata travels: headers, a token from a file or a variable, and nothing on the command line',
  async (t) => {
    const { ways, upstream } = await open(t, (encode) => ({
      One: [
        { headers: [['x-answer', 'yes']] },
        { in: 'end' },
        { out: encode('Item', {}) },
        { status: 'OK', trailers: [['x-end', 'so']] },
      ],
    }));
    const folder = t.testdir({ token: 'secret-1\n', headers: '# tenant\nx-tenant: acme\n' });
    for (const [index, [way, address]] of ways.entries()) {
      const line = [
        ...address,
        'One',
        '-H',
        'x-one: 1',
        '-H',
        `@${folder}/headers`,
        '--token-file',
        `${folder}/token`,
        '-v',
      ];
      const { code, errors } = await callLine(t, line);
      t.equal(code, 0, way);
      const { metadata } = await upstream.call('/t.S/One', 2 * index);
      for (const pair of [
        ['x-one', '1'],
        ['x-tenant', 'acme'],
        ['authorization', 'Bearer secret-1'],
      ])
        t.ok(
          metadata.some((found) => found.join() === pair.join()),
          `${way}: ${pair[0]}`,
        );
      t.match(errors, /header x-answer: yes\n/, way);
      t.match(errors, /trailer x-end: so\n/, way);
      await callLine(t, [...address, 'One'], { environment: { SLUICE_TOKEN: 'secret-2' } });
      const second = await upstream.call('/t.S/One', 2 * index + 1);
      t.ok(
        second.metadata.some(([name, value]) => name === 'authorization' && value === 'Bearer secret-2'),
        way,
      );
    }
    const wrong = await callLine(t, ['One', '--token', 'secret-3']);
    t.match(wrong, { code: 2, errors: /unknown option --token/ });
  },
);

t.test(
  'a stream that is typed stays interactive: answers come while lines are typed, and the end of input half-closes',
  async (t) => {
    const { ways } = await open(t, () => ({ Both: [{ echo: true }] }));
    for (const [way, address] of ways) {
      const call = await startCallLine(t, [...address, 'Both'], { isTyped: true, isShown: true });
      call.input.write('{"text":"first"}\n');
      await call.until('first');
      call.input.write('{"text":\n');
      call.input.write('{"txt":"?"}\n{"text":"second"}\n');
      await call.until('second');
      call.input.end();
      const { code, out, errors } = await call.ended;
      t.equal(code, 0, way);
      t.equal(out, '{\n  "text": "first"\n}\n{\n  "text": "second"\n}\n', `${way}: indented for people`);
      t.match(
        errors,
        /^sluice call: line 2: .*; it was not sent\n.*line 3: txt: .*did you mean text\?; it was not sent\n$/,
        way,
      );
    }
  },
);

t.test('an interrupt cancels the call at the service', async (t) => {
  const { ways, upstream } = await open(t, (encode) => ({
    Down: [{ out: encode('Item', { text: 'x' }) }, { wait: new Promise(() => {}) }],
  }));
  for (const [index, [way, address]] of ways.entries()) {
    const call = await startCallLine(t, [...address, 'Down']);
    await call.until('x');
    call.interrupt();
    t.same(await call.ended, { code: 65, out: lines({ text: 'x' }), errors: '' }, way);
    const seen = await upstream.call('/t.S/Down', index);
    await seen.over;
    t.equal(seen.cancelled, true, way);
  }
});

t.test(
  'what is wrong with a request is exit code 2, named by line and field, and cancels the call',
  async (t) => {
    const { ways, upstream } = await open(t, () => ({ Up: [{ in: 'end' }], One: [{ in: 'end' }] }));
    const file = join(t.testdir(), 'bad.json');
    writeFileSync(file, '{"text":"a"}\n{"child":{"txet":"b"}}\n');
    for (const [way, address] of ways) {
      const cases: [line: string[], input: string, error: RegExp][] = [
        [['Up'], '{"text":"a"}\nhello\n', /^line 2: invalid JSON/],
        [['Up'], '{"text":"a"}\n\n{"text"\n', /^line 3: this JSON has no end/],
        [
          ['Up', '-d', `@${file}`],
          '',
          /bad\.json, line 2: child\.txet: t\.Item has no field "txet", did you mean text\?/,
        ],
        [['One', '-d', '{"number":"x"}'], '', /^--data, line 1: .*number/],
        [['One', '-d', '{"number":'], '', /^--data, line 1: this JSON has no end/],
        [['One', '-d', '{}{}'], '', /^--data, line 1: t\.S\/One takes one message, and this is a second one/],
        [['One', 'txt=1'], '', /^txt: t\.Item has no field "txt", did you mean text\?/],
        [['One', 'number=x'], '', /^the arguments: .*number/],
        [['Nne'], '', /^there is no method "Nne", did you mean t\.S\/One\?/],
        [['S/Dwn'], '', /did you mean t\.S\/Down/],
        [['One', '--upload', '/none'], '', /^--upload: t\.Item has no single bytes field/],
        [['Store', '--upload', '/none/x'], '', /^--upload \/none\/x: ENOENT/],
        [['One', '--output', 'x'], '', /^--output: t\.Item has no single bytes field/],
        [['One', '--slow', 'fast'], '', /^--slow: write it like/],
        [['One', '--deadline', '5'], '', /^--deadline: write it like/],
        [['One', '-d', '{}', '--upload', 'x'], '', /^--data and --upload exclude each other/],
        [[], '', /^the method is missing/],
      ];
      for (const [line, input, error] of cases) {
        const ended = await callLine(t, [...address, ...line], { input });
        t.equal(ended.code, 2, `${way}: ${line.join(' ')} ${ended.errors}`);
        t.match(ended.errors, error, way);
      }
    }
    for (const call of upstream.calls('/t.S/Up')) await call.over;
    t.ok(
      upstream.calls('/t.S/Up').every(({ halfClosed }) => !halfClosed),
      'the service never takes a part for the whole',
    );
  },
);

t.test(
  'details are JSON, also of types that only the service knows, and nothing is a command to a terminal',
  async (t) => {
    const evil = '\u001b[31m\u009b2J';
    const { ways, schema } = await open(t, (encode) => {
      const detail = (type: string, value: Uint8Array) => anyOf(`type.googleapis.com/${type}`, value);
      const details = Buffer.concat([
        Buffer.from([0x08, 3, 0x12, 1, 0x78]),
        detail('t.Item', encode('Item', { text: evil, number: 7 })),
        detail('google.rpc.RetryInfo', Buffer.from([0x0a, 2, 0x08, 5])),
        detail('unknown.Type', Buffer.from('abc')),
      ]);
      return {
        Fails: [{ in: 1 }, { status: 'INVALID_ARGUMENT', message: 'x', details }],
        One: [{ in: 'end' }, { out: encode('Item', { text: evil }) }],
      };
    });
    t.ok(schema.registry.getMessage('t.Item'));
    for (const [way, address] of ways) {
      const { code, errors } = await callLine(t, [...address, 'Fails']);
      t.equal(code, 67, way);
      t.same(
        errors.trimEnd().split('\n'),
        [
          'INVALID_ARGUMENT: x',
          '  {"@type":"type.googleapis.com/t.Item","text":"\\u001b[31m\\u009b2J","number":7}',
          '  {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"5s"}',
          '  {"@type":"type.googleapis.com/unknown.Type","value":"YWJj"}',
        ].map((line) => `sluice call: ${line}`),
        way,
      );
      const shown = await startCallLine(t, [...address, 'One'], { input: '', isShown: true });
      const { out } = await shown.ended;
      t.equal(out, '{\n  "text": "\\u001b[31m\\u009b2J"\n}\n', `${way}: on a terminal`);
      t.same(JSON.parse((await callLine(t, [...address, 'One'])).out), { text: evil }, `${way}: in a pipe`);
    }
  },
);

/** The field `details` of a google.rpc.Status with one google.protobuf.Any. */
function anyOf(typeUrl: string, value: Uint8Array): Buffer {
  const any = Buffer.concat([
    Buffer.from([0x0a, typeUrl.length]),
    Buffer.from(typeUrl),
    Buffer.from([0x12, value.length]),
    value,
  ]);
  return Buffer.concat([Buffer.from([0x1a, any.length]), any]);
}

t.test('the one message that is typed for a method needs no end of input', async (t) => {
  const { ways } = await open(t, (encode) => ({
    One: [{ in: 'end' }, { out: encode('Item', { text: 'here' }) }],
  }));
  for (const [way, address] of ways) {
    const call = await startCallLine(t, [...address, 'One', '-d', '-'], { isTyped: true });
    call.input.write('{"number":1}\n');
    t.equal((await call.ended).out, lines({ text: 'here' }), way);
  }
});

t.test('a gateway that wants to know who calls gets the token, for the schema as well', async (t) => {
  const key = await issuerKey('k');
  const issuer = await openIssuer(t, [key]);
  const config = parseConfig(
    `auth: { issuers: [{ issuer: "${issuer.issuer}", audience: [sluice], keys: { jwksUrl: "${issuer.jwksUrl}" } }] }`,
    'sluice.yaml',
  );
  const { url } = await openOwnService(
    t,
    PROTO,
    (encode) => ({ One: [{ in: 'end' }, { out: encode('Item', { text: 'here' }) }] }),
    { config: await config },
  );
  const none = await callLine(t, [url, 'One']);
  t.match(none, {
    code: 80,
    errors: /^sluice call: UNAUTHENTICATED: .*\[of the gateway: CREDENTIAL_NEEDED\]\n/,
  });
  const environment = { SLUICE_TOKEN: await issuer.sign(key) };
  t.same(await callLine(t, [url, 'One'], { environment }), {
    code: 0,
    out: lines({ text: 'here' }),
    errors: '',
  });
  t.equal((await callLine(t, [url, 'One'], { environment: { SLUICE_TOKEN: 'x.y.z' } })).code, 80);
});
