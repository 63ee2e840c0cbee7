import type { MessageCodec } from '../../../gateway/codec/codec.js';
import type { ByteWriter } from '../../../gateway/codec/index.js';

/** What lies around a message: whoever reads beyond it prints something else, or fails. */
const BEFORE = Buffer.from('0a0308960121', 'hex');
const AFTER = Buffer.from('0801720361626312ff7f80', 'hex');

/** Prints a message that lies in a larger piece of memory, as messages do that came in one read. */
export function writeWithin(codec: MessageCodec, wire: Uint8Array, out: ByteWriter): void {
  const bytes = Buffer.concat([BEFORE, wire, AFTER]);
  codec.writeJson(bytes, BEFORE.length, BEFORE.length + wire.length, out);
}
