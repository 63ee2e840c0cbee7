import { join } from 'node:path';
import { type DescMessage, fromBinary, toJson } from '@bufbuild/protobuf';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import fc from 'fast-check';
import t from 'tap';
import { bufbuildCodec, joinParts } from '../../../../gateway/codec/index.js';
import { schemaFromText } from '../../schema/schema-from-text.js';

const TEXT = `message M {
  string text = 1; int32 number = 2; M child = 3; repeated M items = 4; map<string, M> map = 5;
  oneof side { M left = 6; int64 right = 7; string middle = 8; }
}
service S { rpc A(M) returns (M); }`;

/** One part of a message, as JSON of it. */
const { part } = fc.letrec<{ part: object }>((tie) => ({
  part: fc.record(
    {
      text: fc.string({ minLength: 1, maxLength: 3 }),
      number: fc.integer({ min: 1, max: 9 }),
      child: fc.option(tie('part'), { nil: {}, maxDepth: 3, depthSize: 'small' }),
      items: fc.array(fc.constant({ number: 1 }), { maxLength: 2 }),
      map: fc.dictionary(fc.constantFrom('a', 'b'), fc.constant({ text: 'x' }), { maxKeys: 2 }),
    },
    { requiredKeys: [] },
  ),
}));
const side = fc.oneof(
  fc.constant({}),
  fc.record({ left: part }),
  fc.record({ right: fc.constantFrom('1', '2') }),
  fc.record({ middle: fc.constantFrom('', 'm') }),
);
const parts = fc.array(
  fc.tuple(part, side).map(([rest, one]) => ({ ...rest, ...one })),
  { minLength: 1, maxLength: 4 },
);

t.test('parts behind each other are one message to every parser', async (t) => {
  // What nearly every service on Node reads with: protobufjs, which takes the last part of a message for the whole.
  const folder = t.testdir({ 'own.proto': `syntax = "proto3"; package t; ${TEXT}` });
  const loaded = loadSync(join(folder, 'own.proto'), { keepCase: true, longs: String })['t.S'];
  const read = (loaded as ServiceDefinition).A?.requestDeserialize;
  const schema = await schemaFromText(t, TEXT);
  const type = schema.methods.get('/t.S/A')?.input as DescMessage;
  const codec = bufbuildCodec(schema.registry).forMessage(type);
  const ours = (wire: Uint8Array) => toJson(type, fromBinary(type, wire));
  fc.assert(
    fc.property(parts, (json) => {
      const wire = Buffer.concat(json.map((each) => codec.fromJson(JSON.stringify(each))));
      const joined = joinParts(type, wire);
      t.same(ours(joined), ours(wire), 'the meaning stays');
      t.same(
        ours(codec.fromJson(JSON.stringify(read?.(Buffer.from(joined))))),
        ours(wire),
        'protobufjs reads the same',
      );
    }),
    { numRuns: 500 },
  );
  const whole = codec.fromJson('{"text":"a","child":{"number":1}}');
  t.equal(joinParts(type, whole), whole, 'what is whole is not copied');
});
