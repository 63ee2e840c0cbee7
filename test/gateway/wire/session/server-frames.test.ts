import { fromBinary, type JsonObject, toJson } from '@bufbuild/protobuf';
import fc from 'fast-check';
import t from 'tap';
import {
  joinMetadata,
  jsonFromServerFrame,
  jsonMessageHead,
  jsonMessageTail,
  PROTO_HEAD_BYTES,
  protoFromServerFrame,
  putProtoCursorHead,
  putProtoMessageHead,
  type ServerFrame,
} from '../../../../gateway/wire/session/index.js';
import { foreignSchema } from '../../../support/foreign.js';
import { frameTypes } from '../../../support/session.js';

const status = {
  code: 5,
  message: 'no "such" thing ü',
  details: [{ typeUrl: 'type.googleapis.com/google.rpc.RetryInfo', value: Buffer.from([0x0a, 2, 8, 3]) }],
  trailers: [],
  truncated: false,
} as const;
const OK = { code: 0, message: '', details: [], trailers: [], truncated: false } as const;
const metadata = joinMetadata([
  ['a', '1'],
  ['__proto__', 'x'],
  ['a', '2'],
  ['b', ''],
]);

/** Frames and their ProtoJSON. */
const FRAMES: readonly [ServerFrame, JsonObject][] = [
  [
    { kind: 'opened', id: 1, credit: 16, creditBytes: 262_144 },
    { opened: { id: 1, credit: 16, creditBytes: 262_144 } },
  ],
  [
    { kind: 'opened', id: 4_294_967_295, credit: 0, creditBytes: 0 },
    { opened: { id: 4_294_967_295, credit: 0, creditBytes: 0 } },
  ],
  [
    { kind: 'opened', id: 1, credit: 0, creditBytes: 0, location: '/_sluice/calls/a' },
    { opened: { id: 1, credit: 0, creditBytes: 0, location: '/_sluice/calls/a' } },
  ],
  [
    { kind: 'headers', id: 2, metadata },
    { headers: { id: 2, metadata: JSON.parse('{"a":"1,2","__proto__":"x","b":""}') } },
  ],
  [
    { kind: 'end', id: 3, status, trailers: metadata, truncated: true },
    {
      end: {
        id: 3,
        status: {
          code: 5,
          message: status.message,
          details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '3s' }],
        },
        trailers: JSON.parse('{"a":"1,2","__proto__":"x","b":""}'),
        truncated: true,
      },
    },
  ],
  [
    { kind: 'end', id: 3, status: OK, trailers: joinMetadata([]), truncated: false },
    { end: { id: 3, status: { code: 0, message: '', details: [] }, trailers: {}, truncated: false } },
  ],
  [{ kind: 'credit', id: 4, messages: 5, bytes: 0 }, { credit: { id: 4, messages: 5, bytes: 0 } }],
  [{ kind: 'credit', id: 4, messages: 0, bytes: 5 }, { credit: { id: 4, messages: 0, bytes: 5 } }],
  [{ kind: 'pong', token: '' }, { pong: { token: '' } }],
  [{ kind: 'pong', token: '\u0000"é' }, { pong: { token: '\u0000"é' } }],
  [{ kind: 'dropped', id: 6, count: 7 }, { dropped: { id: 6, count: 7 } }],
  [
    { kind: 'goAway', graceMs: 5_000, reconnectAfterMs: 10 },
    { goAway: { graceMs: 5_000, reconnectAfterMs: 10 } },
  ],
];

t.test('every frame is what session.proto says, in both sub-protocols', async (t) => {
  const { server } = await frameTypes();
  const { registry } = await foreignSchema();
  const options = { alwaysEmitImplicit: true, registry };
  for (const [frame, expected] of FRAMES) {
    const text = jsonFromServerFrame(frame, () => ({
      '@type': 'type.googleapis.com/google.rpc.RetryInfo',
      retryDelay: '3s',
    }));
    t.equal(text, JSON.stringify(expected));
    // In JSON a call without a location has none.
    const opened = frame.kind === 'opened' ? { location: '', ...(expected.opened as JsonObject) } : undefined;
    const whole = opened === undefined ? expected : { opened };
    t.same(toJson(server, fromBinary(server, protoFromServerFrame(frame)), options), whole);
  }
});

t.test('a call without credit in bytes has the frames of before', async (t) => {
  const { server } = await frameTypes();
  for (const [frame, expected] of [
    [{ kind: 'opened', id: 1, credit: 16, creditBytes: undefined }, { opened: { id: 1, credit: 16 } }],
    [{ kind: 'credit', id: 4, messages: 5, bytes: undefined }, { credit: { id: 4, messages: 5 } }],
  ] as const) {
    t.equal(
      jsonFromServerFrame(frame, () => null),
      JSON.stringify(expected),
    );
    t.same(toJson(server, fromBinary(server, protoFromServerFrame(frame))), expected);
  }
});

t.test('the frame around a message, of any size', async () => {
  const { server } = await frameTypes();
  const length = fc.oneof(fc.nat({ max: 300 }), fc.constantFrom(16_383, 16_384, 2_097_152));
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 ** 32 - 1 }),
      length,
      fc.option(fc.string({ maxLength: 200 })),
      (id, size, text) => {
        const data = Buffer.alloc(size, 7);
        const cursor = text === null ? undefined : Buffer.from(text.toWellFormed());
        const out = Buffer.alloc(PROTO_HEAD_BYTES);
        const parts = [out.subarray(0, putProtoMessageHead(out, 0, id, size, cursor?.length)), data];
        if (cursor !== undefined) {
          const head = Buffer.alloc(PROTO_HEAD_BYTES);
          parts.push(head.subarray(0, putProtoCursorHead(head, 0, cursor.length)), cursor);
        }
        const { frame } = fromBinary(server, Buffer.concat(parts)) as unknown as {
          frame: { case: string; value: { id: number; data: Uint8Array; cursor: string } };
        };
        if (frame.case !== 'message' || frame.value.id !== id) throw new Error('not a message of this call');
        if (!data.equals(frame.value.data)) throw new Error('other data');
        if (frame.value.cursor !== (cursor?.toString() ?? '')) throw new Error('another cursor');

        for (const bytes of [undefined, size]) {
          const tail = jsonMessageTail(cursor?.toString(), bytes);
          const json = JSON.parse(`${jsonMessageHead(id)}{"a":1}${tail}`);
          const message = { id, data: { a: 1 }, cursor: cursor?.toString(), bytes };
          if (JSON.stringify(json) !== JSON.stringify({ message })) throw new Error(JSON.stringify(json));
        }
      },
    ),
    { numRuns: 300 },
  );
});
