import { WaitingBytes } from '../../../memory/index.js';
import { lengthInPrefix, PREFIX_BYTES } from './prefix.js';

/** Bytes of one stream that wait for its reader. */
export class UnreadBytes extends WaitingBytes {
  /** They begin with a whole message, or with what is none. */
  hasMessage(maxMessageBytes: number): boolean {
    if (this.length < PREFIX_BYTES) return false;
    const prefix = this.head(PREFIX_BYTES);
    const message = lengthInPrefix(prefix, 0);
    return (prefix[0] as number) > 1 || message > maxMessageBytes || this.length >= PREFIX_BYTES + message;
  }
}
