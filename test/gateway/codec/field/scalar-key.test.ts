import { create, toBinary } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import t from 'tap';
import { defaultText, scalarField, scalarKey } from '../../../../gateway/codec/index.js';
import { Code } from '../../../../gateway/status/index.js';
import { fieldOf, hex, messageOf, protoRegistry } from '../proto-source.js';
import { Random } from '../random.js';
import { refusal } from '../refusal.js';

const LONG = 'a default that is longer than any short key: forty-eight bytes';
const registry = protoRegistry({
  'item.proto': `
    syntax = "proto2";
    package t;
    enum Color { RED = 0; BLUE = 1; }
    message Item {
      optional string name = 1; optional bytes data = 2; optional int64 number = 3; optional Color color = 4;
      optional string long = 5 [default = "${LONG}"]; optional bytes raw = 6 [default = "${LONG}"];
    }`,
});
const item = messageOf(registry, 't.Item');
const keyOf = (wire: Uint8Array, name: string) => scalarKey(wire, fieldOf(item, name));

function wireOf(name: string, value: string | Uint8Array): Uint8Array {
  const message = create(item);
  reflect(item, message).set(fieldOf(item, name), value);
  return toBinary(item, message);
}

t.test('two messages have one key when they have one text, however long it is', async (t) => {
  const seed = Date.now() % 1_000_000;
  t.comment(`seed ${seed}`);
  const random = new Random(seed);
  // Around every length at which a key could change its kind, and few letters, so that many are the same.
  const lengths = [0, 1, 31, 32, 47, 48, 49, 50, 63, 64, 65, 66, 4_000, 100_000];
  for (const name of ['name', 'data', 'long', 'raw']) {
    const field = fieldOf(item, name);
    const texts = new Map<string, string>();
    for (let n = 0; n < 300; n += 1) {
      const text = random.pick('ab#'.split('')).repeat(random.pick(lengths));
      const isText = name === 'name' || name === 'long';
      // Every eighth has none, which is the same as its default.
      const wire = random.once(8) ? new Uint8Array(0) : wireOf(name, isText ? text : Buffer.from(text));
      const key = scalarKey(wire, field);
      const full = scalarField(wire, field) ?? defaultText(field);
      if (key.length > 65) t.fail(`${name}: a key of ${key.length} characters`);
      const known = texts.get(key);
      if (known !== undefined && known !== full) t.fail(`${name}: two texts of one key ${key}`);
      texts.set(key, full);
    }
    t.equal(new Set(texts.values()).size, texts.size, `${name}: one text, one key`);
  }
});

t.test('a short text is its own key, and so are numbers and names', async (t) => {
  t.equal(keyOf(wireOf('name', 'AAPL'), 'name'), 'AAPL');
  t.equal(keyOf(wireOf('data', hex('ff fe')), 'data'), '//4=');
  t.equal(keyOf(hex('18 07'), 'number'), '7');
  t.equal(keyOf(hex('20 01'), 'color'), 'BLUE');
  t.equal(keyOf(new Uint8Array(0), 'number'), '0');
  // Who sends the key of another as a text does not get it.
  const key = keyOf(wireOf('name', 'x'.repeat(4_000_000)), 'name');
  t.equal(key.length, 65);
  t.not(keyOf(wireOf('name', key), 'name'), key);
});

t.test('what is no text has no key, of any length', async (t) => {
  for (const length of [1, 48, 49, 10_000]) {
    const bytes = wireOf('data', Buffer.alloc(length, 0xff));
    const wire = Buffer.from(bytes);
    wire[0] = 0x0a;
    t.match(
      refusal(() => keyOf(wire, 'name')),
      { code: Code.INTERNAL },
      `${length} bytes`,
    );
    t.ok(keyOf(bytes, 'data'));
  }
});
