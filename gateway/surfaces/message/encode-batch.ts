import type { ByteWriter } from '../../codec/index.js';
import { memory } from '../../memory/index.js';
import type { Batch } from '../../upstream/index.js';
import { scratch } from './scratch.js';
import { sharePiece } from './share-batch.js';
import { canSeal, type Framing, type TextOutgoing } from './text-outgoing.js';

/** Appends one message, which lies in `bytes` from `start` to `end` and is the one at `index` of its batch. */
export type EncodeMessage = (bytes: Buffer, start: number, end: number, index: number) => void;

/**
 * What is encoded at once, in bytes, and the message that reaches it as a whole: a client that stalls holds no more text than that. Half of
 * it would be a system call more for every few hundred messages.
 */
export const TEXT_BYTES = 32 * 1024;

/**
 * The same while many clients stall: two pages, with what goes around small messages. The processor has time then, and what each of them
 * holds counts a thousand times.
 */
export const CROWDED_TEXT_BYTES = 15 * 512;

/** Takes messages of a batch and appends them to `out`, as `encodeBatch` does. */
export type TakeMessages = (batch: Batch, out: ByteWriter, encode: EncodeMessage, enough: number) => unknown;

/** How a surface writes its messages, where it is not the plain way. */
export interface SendOptions {
  /** How they are encoded, where that is not one by one. */
  readonly take?: TakeMessages;
  /** Other clients of the surface get the same bytes now. */
  readonly framing?: Framing | undefined;
}

/**
 * Sends the messages of a batch piece by piece, each as soon as there is room. What waits meanwhile are the messages as they came, which are
 * less than their text. When one of them is no message, those before it are sent, nothing of it is, and it throws or rejects. */
export function sendBatch(
  batch: Batch,
  sink: TextOutgoing,
  encode: EncodeMessage,
  { take = encodeBatch, framing }: SendOptions = {},
): Promise<void> | undefined {
  for (;;) {
    if (sink.closed) {
      batch.release();
      return undefined;
    }
    if (batch.shared !== undefined && framing !== undefined && canSeal(sink)) {
      const room = sharePiece(batch, batch.shared, sink, framing, (enough) =>
        take(batch, scratch, encode, enough),
      );
      if (batch.isTaken) return room;
      if (room === undefined) continue;
      batch.hold();
      return room.then(() => sendBatch(batch, sink, encode, { take, framing }));
    }
    sink.begin(scratch);
    const enough = memory.isCrowded ? CROWDED_TEXT_BYTES : TEXT_BYTES;
    const failure = take(batch, scratch, encode, scratch.length + enough);
    const room = sink.send(scratch);
    if (failure !== undefined) throw failure;
    if (batch.isTaken) return room;
    if (room !== undefined) {
      batch.hold();
      return room.then(() => sendBatch(batch, sink, encode, { take, framing }));
    }
  }
}

/**
 * Takes messages of a batch and appends each to `out`, until that is `enough` bytes. When one of them is no message, those before it stay
 * in `out`, nothing of it does, and the failure is returned: what is good is sent before the stream ends with it.
 */
export function encodeBatch(
  batch: Batch,
  out: ByteWriter,
  encode: EncodeMessage,
  enough: number = Number.POSITIVE_INFINITY,
): unknown {
  const { bytes, limit } = batch;
  let mark = out.length;
  try {
    for (; batch.at < limit && out.length < enough; batch.at += 1) {
      mark = out.length;
      encode(bytes, batch.startOf(batch.at), batch.endOf(batch.at), batch.at);
    }
    // Its memory is not needed while the text waits for room.
    if (batch.at === batch.count) batch.release();
    return undefined;
  } catch (failure) {
    out.length = mark;
    batch.release();
    return failure;
  }
}
