import type { Socket } from 'node:net';
import { giveBackWhole, memory } from '../../memory/index.js';
import { isFilling } from '../liveness/index.js';

/** What is handed on at once where many clients stall, in bytes. */
const SLICE_BYTES = 8 * 1024;

/**
 * Stands between a socket and the one who listens to its `data`. Where many clients stall, what is read is handed on in small copies and its memory given back:
 * a frame that is not whole would keep all of the 64 KiB in which it has begun, for as long as its client stalls. Called while one listens.
 */
export function readInSlices(socket: Socket): void {
  const [deliver] = socket.listeners('data') as ((piece: Buffer) => void)[];
  if (deliver === undefined) return;
  const handOn = (piece: Buffer) => {
    if (isFilling(piece)) return;
    if (piece.length <= SLICE_BYTES || !memory.isCrowded) {
      deliver.call(socket, piece);
      return;
    }
    for (let at = 0; at < piece.length; at += SLICE_BYTES) {
      const slice = Buffer.allocUnsafeSlow(Math.min(SLICE_BYTES, piece.length - at));
      piece.copy(slice, 0, at);
      deliver.call(socket, slice);
    }
    giveBackWhole(piece);
  };
  socket.off('data', deliver);
  // As with `once`: who takes out the listener takes out this one.
  socket.on('data', Object.assign(handOn, { listener: deliver }));
}
