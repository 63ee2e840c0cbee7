import fc from 'fast-check';
import t from 'tap';
import {
  type ClientFrame,
  clientFrameFromJson,
  clientFrameFromProto,
  SessionFault,
} from '../../../../gateway/wire/session/index.js';
import { type Frame, frameBytes } from '../../../support/session.js';

const parse = (text: string) => clientFrameFromJson(Buffer.from(text));
const faultOf = (read: () => unknown) => {
  try {
    return `taken: ${JSON.stringify(read())}`;
  } catch (reason) {
    if (reason instanceof SessionFault && reason.closeCode === 4400) return reason.message;
    throw reason;
  }
};

/** Frames and what they are; `data` aside, which the two sub-protocols spell differently. */
const FRAMES: readonly [Frame, ClientFrame][] = [
  [
    {
      open: {
        id: 4_294_967_295,
        method: 'a.B/C',
        metadata: { __proto__x: '1', 'x-bin': 'AAE=' },
        timeoutMs: 5,
        credit: 3,
        creditBytes: 4_294_967_295,
        cursor: 'é"\\',
        location: '/_sluice/calls/x',
        detach: true,
        idempotencyKey: 'key 1',
      },
    },
    {
      kind: 'open',
      id: 4_294_967_295,
      method: 'a.B/C',
      metadata: [
        ['__proto__x', '1'],
        ['x-bin', 'AAE='],
      ],
      timeoutMs: 5,
      credit: 3,
      creditBytes: 4_294_967_295,
      cursor: 'é"\\',
      location: '/_sluice/calls/x',
      detach: true,
      idempotencyKey: 'key 1',
    },
  ],
  [
    { open: {} },
    {
      kind: 'open',
      id: 0,
      method: '',
      metadata: [],
      timeoutMs: 0,
      credit: 0,
      creditBytes: 0,
      cursor: '',
      location: '',
      detach: false,
      idempotencyKey: '',
    },
  ],
  [{ halfClose: { id: 1 } }, { kind: 'halfClose', id: 1 }],
  [{ cancel: { id: 2 } }, { kind: 'cancel', id: 2 }],
  [{ stop: { id: 2 } }, { kind: 'stop', id: 2 }],
  [{ credit: { id: 3, messages: 4 } }, { kind: 'credit', id: 3, messages: 4, bytes: 0 }],
  [{ credit: { id: 3, bytes: 70_000 } }, { kind: 'credit', id: 3, messages: 0, bytes: 70_000 }],
  [{ credit: { id: 3, messages: 4, bytes: 5 } }, { kind: 'credit', id: 3, messages: 4, bytes: 5 }],
  [{ ping: { token: 'tok' } }, { kind: 'ping', token: 'tok' }],
  [{ ping: {} }, { kind: 'ping', token: '' }],
];

t.test('every frame is read alike in both sub-protocols', async (t) => {
  for (const [frame, expected] of FRAMES) {
    t.same(parse(JSON.stringify(frame)), expected);
    t.same(clientFrameFromProto(Buffer.from(await frameBytes(frame))), expected);
  }
  const { kind, id, data } = clientFrameFromProto(
    Buffer.from(await frameBytes({ message: { id: 7, data: { text: 'x' } } })),
  ) as Extract<ClientFrame, { kind: 'message' }>;
  t.same({ kind, id, data: [...data] }, { kind: 'message', id: 7, data: [0x0a, 1, 0x78] });
});

t.test('ProtoJSON in all its spellings', async (t) => {
  t.same(parse(' {\n"half_close" :\t{ "id" : "12" } } '), { kind: 'halfClose', id: 12 });
  t.same(parse('{"cancel":{"id":1.0e1}}'), { kind: 'cancel', id: 10 });
  t.same(parse('{"credit":{"messages":"3","id":null}}'), {
    kind: 'credit',
    id: 0,
    messages: 3,
    bytes: 0,
  });
  t.match(parse('{"open":{"credit_bytes":"7"}}'), { creditBytes: 7 });
  t.match(parse('{"credit":{"id":1,"bytes":null}}'), { bytes: 0 });
  t.match(parse('{"message":{"id":1,"data":{},"bytes":5}}'), { id: 1 }, 'a client has no bytes to tell');
  t.match(parse('{"open":{"timeout_ms":9,"metadata":null,"cursor":null,"method":"\\u0061/b"}}'), {
    timeoutMs: 9,
    metadata: [],
    cursor: '',
    method: 'a/b',
  });
});

t.test('what is not a frame of JSON says what is wrong', async (t) => {
  const cases: [string, RegExp][] = [
    ['', /not an object/],
    ['\uFEFF{"ping":{}}', /not an object/],
    ['null', /not an object/],
    ['[]', /not an object/],
    ['{}', /empty frame/],
    ['{"nope":{}}', /unknown frame "nope"/],
    ['{"__proto__":{}}', /unknown frame "__proto__"/],
    ['{"cancel":null}', /not an object/],
    ['{"cancel":{"id":1},"ping":{}}', /second frame in one/],
    ['{"cancel":{"id":1},"cancel":{"id":1}}', /"cancel" occurs twice/],
    ['{"cancel":{"id":1,"id":1}}', /"id" occurs twice/],
    ['{"cancel":{"id":1,"\\u0069d":1}}', /"id" occurs twice/],
    ['{"open":{"timeoutMs":1,"timeout_ms":1}}', /occurs twice/],
    ['{"open":{"metadata":{"a":"1","a":"2"}}}', /"a" occurs twice/],
    ['{"open":{"metadata":{"a":1}}}', /"a"/],
    ['{"open":{"metadata":[]}}', /not an object/],
    ['{"cancel":{"id":1,"data":{}}}', /unknown field "data"/],
    ['{"cancel":{"constructor":1}}', /unknown field "constructor"/],
    ['{"cancel":{"id":-1}}', /whole number/],
    ['{"cancel":{"id":4294967296}}', /whole number/],
    ['{"cancel":{"id":1.5}}', /whole number/],
    ['{"cancel":{"id":01}}', /whole number/],
    ['{"open":{"id":1,"creditBytes":-1}}', /"creditBytes" must be a whole number .* not "-1"/],
    ['{"open":{"id":1,"creditBytes":0.5}}', /"creditBytes" must be a whole number .* not "0.5"/],
    ['{"open":{"id":1,"creditBytes":4294967296}}', /"creditBytes" must be a whole number/],
    ['{"open":{"creditBytes":1,"credit_bytes":1}}', /"credit_bytes" occurs twice/],
    ['{"credit":{"id":1,"bytes":-5}}', /"bytes" must be a whole number .* not "-5"/],
    ['{"credit":{"id":1,"bytes":1e-1}}', /"bytes" must be a whole number/],
    ['{"credit":{"id":1,"creditBytes":1}}', /unknown field "creditBytes"/],
    ['{"cancel":{"id":1,"bytes":1}}', /unknown field "bytes"/],
    ['{"cancel":{"id":true}}', /whole number/],
    ['{"cancel":{"id":1e400}}', /whole number/],
    [`{"cancel":{"id":1${'0'.repeat(100_000)}}}`, /whole number/],
    ['{"cancel":{"id":}}', /whole number/],
    ['{"cancel":{"id":1}', /expected a comma/],
    ['{"cancel":{"id":1}}x', /text follows/],
    ['{"cancel":{"id":1}}{}', /text follows/],
    ['{"cancel":{"id":1,}}', /name/],
    ['{"ping":{"token":"a\nb"}}', /not a string/],
    ['{"ping":{"token":"\\x"}}', /not a string/],
    ['{"ping":{"token":"abc', /does not end/],
    ['{"ping":{"token":"abc\\', /does not end/],
    ['{"ping":{"token":5}}', /quotation marks/],
    ['{"message":{"id":1,"data":}}', /no value/],
    ['{"message":{"id":1,"data":{"a":[}', /ends inside "data"/],
    ['{"message":{"id":1,"data":{"a":[}}', /expected a comma/],
    ['{"message":{"id":1,"data":"x}}', /does not end/],
    ['{"message":{"id":1,"data":{},"data":{}}}', /"data" occurs twice/],
  ];
  for (const [text, expected] of cases)
    t.match(
      faultOf(() => parse(text)),
      expected,
      text.slice(0, 60),
    );
});

t.test('what is not a frame of protobuf is refused as well', async (t) => {
  const cases: [number[], RegExp][] = [
    [[], /empty frame/],
    [[0x4a, 0], /unknown frame 9/],
    [[0x08, 1], /unknown frame 1/],
    [[0x22, 2, 8, 1, 0x32, 0], /second frame in one/],
    [[0x22, 4, 8, 1, 0x10, 1], /unknown field 2/],
    [[0x22, 2, 0x0a, 0], /unknown field 1/],
    [[0x22, 5, 8, 1], /not a sluice/],
    [[0x22, 2, 8, 0x80], /not a sluice/],
    [[0x22, 1, 0], /not a sluice/],
    [[0x32, 3, 0x0a, 1, 0xff], /not a sluice/],
    [[0x0a, 4, 0x1a, 2, 0x1a, 0], /unknown field 3/],
    [[0xff, 0xff, 0xff, 0xff, 0xff, 0xff], /not a sluice/],
    [[0x2a, 4, 8, 1, 0x20, 1], /unknown field 4/],
    // Numbers past 32 bits, and -1 as an int32 has it.
    [
      [0x2a, 8, 8, 1, 0x18, 0x80, 0x80, 0x80, 0x80, 0x10],
      /"bytes" must be a whole number .* not "4294967296"/,
    ],
    [
      [0x2a, 13, 8, 1, 0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
      /"bytes" must be a whole number .* not "-1"/,
    ],
    [
      [0x0a, 13, 8, 1, 0x38, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
      /"creditBytes" must be a whole number .* not "-1"/,
    ],
    [[0x0a, 6, 8, 1, 0x3a, 2, 8, 1], /unknown field 7/],
  ];
  for (const [bytes, expected] of cases) {
    t.match(
      faultOf(() => clientFrameFromProto(Buffer.from(bytes))),
      expected,
      String(bytes),
    );
  }
});

/** White space that JSON allows between tokens. */
const space = fc.stringMatching(/^[ \t\n\r]{0,2}$/);

t.test('the data of a message is found as it was written, whatever it is', async () => {
  fc.assert(
    fc.property(
      fc.json({ stringUnit: 'binary' }),
      fc.array(space, { minLength: 8, maxLength: 8 }),
      fc.boolean(),
      (value, [a, b, c, d, e, f, g, h], first) => {
        const fields = [`"id"${a}:${b}7`, `"data"${c}:${d}${value}${e}`];
        if (!first) fields.reverse();
        const text = `${f}{${g}"message":{${fields.join(`${h},`)}}${g}}${f}`;
        // A text has no halves of surrogate pairs once it is bytes.
        const bytes = Buffer.from(text);
        const frame = clientFrameFromJson(bytes);
        if (frame.kind !== 'message' || frame.id !== 7) throw new Error(text);
        const wanted = Buffer.from(value);
        // Space behind a number or a word may belong to nobody.
        if (frame.data.toString().trimEnd() !== wanted.toString().trimEnd())
          throw new Error(`${frame.data} of ${text}`);
      },
    ),
    { numRuns: 2_000 },
  );
});

t.test('a frame is taken exactly when it is one: against JSON.parse', async () => {
  // Pieces of frames in any order are mostly no frame at all, and sometimes nearly one.
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    '1',
    'null',
    ' ',
    '"message"',
    '"id"',
    '"data"',
    'x',
    '-',
  ];
  const near = fc
    .tuple(
      fc.constantFrom('{"message":{"id":1,"data":{"a":[1,"b"]}}}', '{"message":{"data":"\\"","id":2}}'),
      fc.nat({ max: 45 }),
      fc.nat({ max: 2 }),
      fc.constantFrom(...pieces, ''),
    )
    .map(([text, at, cut, piece]) => text.slice(0, at) + piece + text.slice(at + cut));
  fc.assert(
    fc.property(
      fc.oneof(
        near,
        fc.array(fc.constantFrom(...pieces), { maxLength: 20 }).map((p) => p.join('')),
      ),
      (text) => {
        let data: string | undefined;
        try {
          const frame = parse(text);
          if (frame.kind === 'message') data = frame.data.toString();
          else return;
        } catch (reason) {
          if (!(reason instanceof SessionFault)) throw reason;
          // Refused: then JSON refuses it too, or it is not a message with these fields only.
          let json: { message?: { id?: unknown; data?: unknown } };
          try {
            json = JSON.parse(text) as typeof json;
          } catch {
            return;
          }
          const { message } = json ?? {};
          const known = new Set(['id', 'data', 'cursor', 'bytes']);
          const isFrame =
            typeof message === 'object' &&
            message !== null &&
            !Array.isArray(message) &&
            Object.keys(json).length === 1 &&
            Object.keys(message).every((key) => known.has(key)) &&
            (message.id === undefined || typeof message.id === 'number') &&
            // Names that occur twice are the one thing that JSON.parse lets pass.
            (text.match(/"(id|data|message)"/g) ?? []).length === Object.keys(message).length + 1;
          if (isFrame && Number.isInteger(message.id ?? 0) && Number(message.id ?? 0) >= 0) {
            throw new Error(`refused: ${text}: ${reason.message}`);
          }
          return;
        }
        // Taken: then its data is a value, or the codec refuses it; with a value in its place it is JSON.
        const start = data === '' ? text.length : text.indexOf(data, text.indexOf('"data"') + 6);
        const whole = data === '' ? text : `${text.slice(0, start)}0${text.slice(start + data.length)}`;
        JSON.parse(whole);
      },
    ),
    { numRuns: 5_000 },
  );
});
