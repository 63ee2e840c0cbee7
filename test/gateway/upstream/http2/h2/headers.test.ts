import fc from 'fast-check';
import t from 'tap';
import { ConnectionError } from '../../../../../gateway/upstream/http2/h2/codes.js';
import { HeaderDecoder } from '../../../../../gateway/upstream/http2/h2/header-decoder.js';
import {
  CommonFields,
  HeaderEncoder,
  type HeaderField,
  mostBlockBytes,
} from '../../../../../gateway/upstream/http2/h2/header-encoder.js';
import { STATIC_FIELDS } from '../../../../../gateway/upstream/http2/h2/header-table.js';
import { openHttp2Transport } from '../../../../../gateway/upstream/index.js';
import { neverAborted, readToEnd } from '../../contract/subject.js';
import { answerWith, openPeer } from '../peer.js';

/** Encodes as a connection does, into memory that has just the room that it must have. */
function encode(encoder: HeaderEncoder, common: CommonFields, own: readonly HeaderField[]): Buffer {
  const most = mostBlockBytes(common, own);
  const block = Buffer.alloc(most + 10, 0xee);
  const end = encoder.encode(common, own, block, 5);
  if (end > most + 5 || block.subarray(0, 5).some((byte) => byte !== 0xee)) throw new Error('out of bounds');
  return block.subarray(5, end);
}

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

t.test('there are 61 fields that everybody knows', async (t) => {
  t.equal(STATIC_FIELDS.length, 61);
  t.same(STATIC_FIELDS[60], ['www-authenticate', '']);
});

// RFC 7541, appendix C.
t.test('the requests of the RFC, plain and Huffman-coded, decode one after the other', async (t) => {
  const plain = [
    '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
    '8286 84be 5808 6e6f 2d63 6163 6865',
    '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
  ];
  const huffman = [
    '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
    '8286 84be 5886 a8eb 1064 9cbf',
    '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
  ];
  for (const blocks of [plain, huffman]) {
    const decoder = new HeaderDecoder();
    t.same(
      blocks.map((block) => decoder.decode(hex(block))),
      [
        [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com'],
        [
          ':method',
          'GET',
          ':scheme',
          'http',
          ':path',
          '/',
          ':authority',
          'www.example.com',
          'cache-control',
          'no-cache',
        ],
        [
          ...[':method', 'GET', ':scheme', 'https', ':path', '/index.html', ':authority', 'www.example.com'],
          ...['custom-key', 'custom-value'],
        ],
      ],
    );
  }
});

t.test('what is no header block is refused as such', async (t) => {
  for (const [name, block] of [
    ['index 0', '80'],
    ['an index beyond both tables', 'be'],
    ['a string beyond the block', '400a 6375'],
    ['a number without end', 'ff ffff ffff ff'],
    ['it ends in a number', '7f'],
    ['Huffman padding of zeros', '0081 f0 00'],
    ['a Huffman end mark', '0084 ffff ffff 00'],
    ['a table larger than allowed', '3fe2 1f'],
    ['a table size behind a field', '82 20'],
  ] as const) {
    t.throws(() => new HeaderDecoder().decode(hex(block)), ConnectionError, name);
  }
});

t.test('more than is taken is passed over, and still learnt from', async (t) => {
  const decoder = new HeaderDecoder();
  const many = Buffer.concat(Array.from({ length: 129 }, () => hex('82')));
  t.equal(decoder.decode(Buffer.concat([hex('4001 6101 62'), many])), undefined);
  t.same(decoder.decode(hex('be')), ['a', 'b']);
});

const text = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  maxLength: 60,
});
const field = fc.oneof(
  fc.tuple(
    fc.constantFrom(
      ':path',
      ':authority',
      'te',
      'content-type',
      'x-a',
      'authorization',
      ':method',
      'grpc-timeout',
    ),
    text,
  ),
  fc.tuple(text, text),
  fc.tuple(fc.constant(':path'), fc.string({ unit: fc.constant('p'), minLength: 900, maxLength: 3_000 })),
);
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      common: fc.array(field, { minLength: 1, maxLength: 12 }),
      own: fc.array(field, { maxLength: 6 }),
    }),
  },
  // The fields of an earlier block once more, whatever the table has learnt since.
  { weight: 5, arbitrary: fc.record({ again: fc.nat({ max: 20 }), own: fc.array(field, { maxLength: 6 }) }) },
  { weight: 1, arbitrary: fc.nat({ max: 6_000 }).map((limit) => ({ limit })) },
);

t.test('what is encoded decodes to the same, whatever tables the peer allows', async (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const encoder = new HeaderEncoder();
      const decoder = new HeaderDecoder();
      const earlier = [new CommonFields([[':method', 'POST']])];
      for (const step of steps) {
        if ('limit' in step) {
          encoder.limit(step.limit);
          continue;
        }
        const common =
          'common' in step
            ? new CommonFields(step.common)
            : (earlier[step.again % earlier.length] as CommonFields);
        earlier.push(common);
        const decoded = decoder.decode(encode(encoder, common, step.own));
        if (JSON.stringify(decoded) !== JSON.stringify([...common.fields, ...step.own].flat())) return false;
      }
      return true;
    }),
    { numRuns: 1_000 },
  );
  t.pass();
});

t.test(
  'what comes again with every call of a method is a byte a field, also when another method is called between',
  async (t) => {
    const encoder = new HeaderEncoder();
    const methods = ['/test.Things/Get', '/test.Things/List'].map(
      (path) =>
        new CommonFields([
          [':method', 'POST'],
          [':path', path],
          [':authority', 'things:443'],
          ['te', 'trailers'],
        ]),
    );
    const lengths = [0, 1, 0, 1, 0].map((at) => encode(encoder, methods[at] as CommonFields, []).length);
    t.ok((lengths[0] as number) > 40);
    t.same(lengths.slice(2), [4, 4, 4]);
  },
);

t.test('the same bytes are the same list, until the table has changed', async (t) => {
  const decoder = new HeaderDecoder();
  t.same(decoder.decode(hex('4001 6101 62')), ['a', 'b']);
  const first = decoder.decode(hex('88 be'));
  t.same(first, [':status', '200', 'a', 'b']);
  t.equal(decoder.decode(hex('88 be')), first);
  t.same(decoder.decode(hex('4001 6301 64')), ['c', 'd'], 'learnt');
  t.same(decoder.decode(hex('88 be')), [':status', '200', 'c', 'd']);
  t.same(decoder.decode(hex('88 bf')), first);
  t.same(decoder.decode(hex('20')), [], 'the table is emptied');
  t.throws(() => decoder.decode(hex('88 be')), ConnectionError);
  for (let index = 1; index <= 61; index += 1) {
    const field = decoder.decode(Buffer.from([0x80 + index]));
    t.same(field, STATIC_FIELDS[index - 1]);
    t.same(decoder.decode(Buffer.from([0x80 + index])), field);
  }
});

t.test(
  'whatever a service learns and repeats, it is decoded as another decoder that keeps nothing does',
  async (t) => {
    const blocks = fc.array(
      fc.oneof(
        fc
          .array(fc.integer({ min: 0xbe, max: 0xc2 }), { minLength: 1, maxLength: 7 })
          .map((bytes) => Uint8Array.from(bytes)),
        fc.constantFrom('61', '62', '63').map((value) => hex(`4001 6101 ${value}`)),
        fc.constantFrom('20', '3f45').map(hex),
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(blocks, (blocks) => {
        const decoder = new HeaderDecoder();
        const plain = new HeaderDecoder();
        const text = (decode: () => unknown) => {
          try {
            return JSON.stringify(decode());
          } catch (reason) {
            return String(reason);
          }
        };
        return blocks.every((block) => {
          const kept = text(() => decoder.decode(block));
          // With a field in front that is no single byte, nothing is kept.
          const fresh =
            block[0] === 0x20 || block[0] === 0x3f ? block : Buffer.concat([hex('0001 7801 79'), block]);
          return kept === text(() => (plain.decode(fresh) as string[]).slice(fresh === block ? 0 : 2));
        });
      }),
      { numRuns: 2_000 },
    );
    t.pass();
  },
);

t.test('any bytes are decoded or refused', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 20 }), (blocks) => {
      const decoder = new HeaderDecoder();
      try {
        for (const block of blocks) decoder.decode(block);
      } catch (reason) {
        return reason instanceof ConnectionError;
      }
      return true;
    }),
    { numRuns: 3_000 },
  );
  t.pass();
});

t.test("every character of a header arrives, in another implementation's codes", async (t) => {
  const printable = Array.from({ length: 95 }, (_, n) => String.fromCharCode(0x20 + n)).join('');
  const high = `x${Array.from({ length: 96 }, (_, n) => String.fromCharCode(0xa0 + n)).join('')}`;
  const peer = await openPeer((stream) =>
    answerWith(stream, [], { 'grpc-status': '0', 'x-print': `x${printable}x`, 'x-high': high }),
  );
  const transport = openHttp2Transport({ target: peer.target });
  t.teardown(async () => {
    await transport.close();
    peer.close();
  });
  for (let n = 0; n < 3; n++) {
    const call = transport.open('/test.Odd/Call', {
      metadata: [['x-all', `x${printable}x`]],
      signal: neverAborted(),
    });
    call.halfClose();
    await readToEnd(call);
    const { trailers } = await call.status;
    t.same(trailers, [
      ['x-print', `x${printable}x`],
      ['x-high', high],
    ]);
    t.equal(peer.requests[n]?.['x-all'], `x${printable}x`);
  }
});
