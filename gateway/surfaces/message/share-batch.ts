import type { Batch, SharedForms } from '../../upstream/index.js';
import { scratch } from './scratch.js';
import type { Framing, SealingOutgoing } from './text-outgoing.js';

/** What is made at once, in bytes: it is nobody's alone, so it may be as much whether memory is short or not. */
const SHARED_TEXT_BYTES = 32 * 1024;

/**
 * Sends a piece of a batch that others get too: the first who needs it makes it, by `take`, and all send the same memory. When a message is none, those
 * before it are sent, which nobody else is given, and it throws.
 */
export function sharePiece(
  batch: Batch,
  forms: SharedForms,
  sink: SealingOutgoing,
  framing: Framing,
  take: (enough: number) => unknown,
): Promise<void> | undefined {
  const { frame, codec } = framing;
  const { sealing } = sink;
  const from = batch.at;
  const found = forms.find({ frame, codec, sealing }, from);
  if (found !== undefined && found.to <= batch.limit) {
    framing.lastId = found.lastId ?? framing.lastId;
    batch.at = found.to;
    if (batch.at === batch.count) batch.release();
    return sink.sendSealed(found.bytes);
  }
  const idBefore = framing.lastId;
  framing.lastId = undefined;
  sink.begin(scratch);
  const failure = take(scratch.length + SHARED_TEXT_BYTES);
  const lastId = framing.lastId;
  framing.lastId = lastId ?? idBefore;
  if (failure !== undefined) {
    void sink.send(scratch);
    throw failure;
  }
  const bytes = sink.seal(scratch);
  forms.add({ frame, codec, sealing, from, to: batch.at, bytes, lastId });
  return sink.sendSealed(bytes);
}
