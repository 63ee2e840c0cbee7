import { createHash, randomBytes } from 'node:crypto';
import t from 'tap';
import { createSha256 } from '../../../clients/playground/files/sha256.js';

const hashOf = (pieces: readonly Uint8Array[]) => {
  const hash = createSha256();
  for (const piece of pieces) hash.add(piece);
  return hash.hex();
};

t.test('a checksum is that of Node, for every length around a block and wherever the pieces are cut', (t) => {
  for (let length = 0; length <= 200; length += 1) {
    const bytes = randomBytes(length);
    const wanted = createHash('sha256').update(bytes).digest('hex');
    const cut = Math.floor(length / 3);
    if (hashOf([bytes]) !== wanted || hashOf([bytes.subarray(0, cut), bytes.subarray(cut)]) !== wanted)
      t.fail(`${length} bytes`);
  }
  const large = randomBytes(3_000_001);
  const pieces = [];
  for (let at = 0; at < large.length; at += 65_537) pieces.push(large.subarray(at, at + 65_537));
  t.equal(hashOf(pieces), createHash('sha256').update(large).digest('hex'));
  t.end();
});
