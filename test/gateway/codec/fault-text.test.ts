import t from 'tap';
import { compiledCodec } from '../../../gateway/codec/index.js';
import { allTypes } from './all-types.js';
import { messageOf } from './proto-source.js';
import { refusal } from './refusal.js';

const values = [
  '"x y"',
  '"a\\"}b"',
  '"x}"',
  '""',
  '{"q":1}',
  '["x"]',
  'true',
  'null',
  '1.5',
  '-0x',
  '"',
  '"ends',
];
const tails = ['}', ' }', '\n}', ',"q":2}', '}}', ']}'];

for (const codeGeneration of [true, false]) {
  t.test(
    `a text about a wrong value shows that value and nothing behind it, ${codeGeneration ? 'generated' : 'interpreted'}`,
    async (t) => {
      const message = messageOf(allTypes, 'c.All');
      const codec = compiledCodec(allTypes, { codeGeneration }).forMessage(message);
      let shown = 0;
      for (const { jsonName } of message.fields) {
        for (const value of values) {
          for (const tail of tails) {
            const text = refusal(() => codec.fromJson(`{"${jsonName}":${value}${tail}`))?.message ?? '';
            const found = /expected .*, not ("[\s\S]*)$/.exec(text)?.[1];
            if (found === undefined || !text.includes(`${jsonName}: expected`)) continue;
            shown += 1;
            const isString = /^"(?:[^"\\]|\\.)+"$/.test(value);
            const right = isString ? value.startsWith(found) : `${value}${tail}`.includes(found);
            if (!right) t.fail(`${value}${tail}: ${text}`);
          }
        }
      }
      t.ok(shown > 100, `${shown} texts show a string`);
      t.match(refusal(() => codec.fromJson('{"optionalInt32":"seven"}'))?.message, /not "seven"$/);
    },
  );
}
