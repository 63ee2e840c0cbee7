import t from 'tap';
import { ByteWriter, bufbuildCodec } from '../../../gateway/codec/index.js';
import { Code } from '../../../gateway/status/index.js';
import { hex, messageOf, protoRegistry } from './proto-source.js';
import { refusal } from './refusal.js';
import { writeWithin } from './write-within.js';

const registry = protoRegistry({
  'node.proto': `
    syntax = "proto3";
    package t;
    import "google/protobuf/struct.proto";
    message Node { int32 count = 1; int64 big = 2; Node child = 3; google.protobuf.Value value = 4; string name = 5; }`,
});
const codec = bufbuildCodec(registry).forMessage(messageOf(registry, 't.Node'));

t.test('a message goes to JSON and back', async (t) => {
  const out = new ByteWriter();
  writeWithin(codec, hex('08 05 1a 02 08 07'), out);
  const json = out.take().toString();
  t.equal(json, '{"count":5,"child":{"count":7}}');
  t.same(codec.fromJson(json), hex('08 05 1a 02 08 07'));
});

t.test('bad bytes are the fault of the service: INTERNAL', async (t) => {
  const out = new ByteWriter();
  t.match(
    refusal(() => writeWithin(codec, hex('1a 7f'), out)),
    { code: Code.INTERNAL, message: /t\.Node/ },
  );
  t.match(
    refusal(() => writeWithin(codec, hex('2a 01 ff'), out)),
    { code: Code.INTERNAL, message: /t\.Node/ },
  );
});

t.test('bad JSON is the fault of the client: INVALID_ARGUMENT with the field', async (t) => {
  const bad = (json: string, pattern: RegExp) =>
    t.match(
      refusal(() => codec.fromJson(json)),
      { code: Code.INVALID_ARGUMENT, message: pattern },
      json.slice(0, 40),
    );
  bad('{"count":"x"}', /count/);
  bad('{"big":1.5}', /big/);
  bad('{"big":"99999999999999999999"}', /big/);
  bad('{"nope":1}', /nope/);
  bad('{"count":', /JSON/);
  bad('[]', /t\.Node/);
  bad('{"child":'.repeat(50_000), /JSON/);
  bad(`${'{"child":'.repeat(50_000)}{}${'}'.repeat(50_000)}`, /deep|depth/);
  bad(`{"value":${'['.repeat(500_000)}${']'.repeat(500_000)}}`, /deep|depth/);
  bad(`{"name":"\\ud800"}`, /name/);
});
