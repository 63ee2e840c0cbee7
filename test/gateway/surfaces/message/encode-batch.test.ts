import t from 'tap';
import type { ByteWriter } from '../../../../gateway/codec/index.js';
import { CROWD_BYTES, memory } from '../../../../gateway/memory/index.js';
import { CROWDED_TEXT_BYTES, TEXT_BYTES } from '../../../../gateway/surfaces/message/encode-batch.js';
import { scratch, sendBatch } from '../../../../gateway/surfaces/message/index.js';
import { Batch } from '../../../../gateway/upstream/index.js';

const MESSAGE_BYTES = 100;

/** How large the pieces are in which a batch of 64 KiB is sent to a client that takes each of them at once. */
function piecesOf(): number[] {
  const pieces: number[] = [];
  const batch = Batch.of(Array.from({ length: 655 }, () => Buffer.alloc(MESSAGE_BYTES, 'x')));
  const room = sendBatch(
    batch,
    {
      closed: false,
      begin: () => undefined,
      send(out: ByteWriter) {
        pieces.push(out.length);
        out.clear();
        return undefined;
      },
    },
    (bytes, start, end) => scratch.part(bytes, start, end),
  );
  t.equal(room, undefined);
  return pieces;
}

t.test('a batch leaves in pieces of 32 KiB, and of two pages while hundreds of clients stall', async (t) => {
  const few = piecesOf();
  t.ok(few.every((bytes) => bytes < TEXT_BYTES + MESSAGE_BYTES));
  const crowd = memory.take(CROWD_BYTES);
  const many = piecesOf();
  crowd.release();
  t.ok(many.every((bytes) => bytes < CROWDED_TEXT_BYTES + MESSAGE_BYTES && bytes <= 8_192));
  const total = (pieces: number[]) => pieces.reduce((sum, bytes) => sum + bytes, 0);
  t.equal(total(few), 655 * MESSAGE_BYTES);
  t.equal(total(many), 655 * MESSAGE_BYTES);
  t.same(piecesOf(), few, 'the crowd has gone');
  t.equal(memory.takenBytes, 0);
});
