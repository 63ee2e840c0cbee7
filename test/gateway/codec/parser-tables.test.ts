import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import { compiledCodec } from '../../../gateway/codec/index.js';
import { allTypes } from './all-types.js';
import { messageOf } from './proto-source.js';

t.test('what a parser that has grown old has read keeps nothing until the next full collection', (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void;
  for (const codeGeneration of [true, false]) {
    const codec = compiledCodec(allTypes, { codeGeneration }).forMessage(messageOf(allTypes, 'c.All'));
    const parse = (count: number) => {
      for (let at = 0; at < count; at += 1) codec.fromJson('{"optionalInt32":5}');
    };
    parse(1_000);
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let turn = 0; turn < 20; turn += 1) {
      parse(2_000);
      collect({ type: 'minor' });
    }
    const mib = (process.memoryUsage().heapUsed - before) / 2 ** 20;
    // A Map that is cleared for each of them leaves 11 MiB of tables, each of which points to the next.
    t.ok(mib < 2, `${codeGeneration ? 'generated' : 'interpreted'}: ${mib} MiB`);
  }
  t.end();
});
