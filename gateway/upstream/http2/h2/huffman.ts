import { ConnectionError, ErrorCode } from './codes.js';

/**
 * The length of each symbol's code in bits, in base 36, from byte 0 to 255 and the end mark. The code is canonical, shorter codes
 * first and then by symbol, so the lengths are all there is to know. Source: RFC 7541 appendix B.
 */
const LENGTHS =
  'dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6cad67777777777777777777777878djde6f56565666577666567655677777f' +
  'bedskmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmnqqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrqu';
const END_MARK = 256;
const LONGEST = 30;

/** By length: the first code, how many there are, and where their symbols begin in `symbols`. */
const first = new Int32Array(LONGEST + 1);
const count = new Int32Array(LONGEST + 1);
const offset = new Int32Array(LONGEST + 1);
const symbols: number[] = [];

for (let length = 5, code = 0; length <= LONGEST; length++, code *= 2) {
  first[length] = code;
  offset[length] = symbols.length;
  for (let symbol = 0; symbol <= END_MARK; symbol++) {
    if (Number.parseInt(LENGTHS[symbol] as string, 36) !== length) continue;
    symbols.push(symbol);
    code++;
  }
  count[length] = symbols.length - (offset[length] as number);
}

/** The text of a Huffman-coded string, byte for byte. Throws for padding that is not right. Source: RFC 7541 section 5.2. */
export function decodeHuffman(bytes: Uint8Array): string {
  // The shortest code has 5 bits.
  const text = Buffer.allocUnsafe(Math.floor((bytes.length * 8) / 5));
  let filled = 0;
  let code = 0;
  let length = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      code = (code << 1) | ((byte >> bit) & 1);
      length++;
      if (length < 5) continue;
      const at = code - (first[length] as number);
      if (at >= (count[length] as number)) {
        if (length === LONGEST) throw wrong();
        continue;
      }
      const symbol = symbols[(offset[length] as number) + at] as number;
      if (symbol === END_MARK) throw wrong();
      text[filled++] = symbol;
      code = 0;
      length = 0;
    }
  }
  // What is left is the beginning of the end mark: ones, fewer than a byte.
  if (length > 7 || code !== (1 << length) - 1) throw wrong();
  return text.toString('latin1', 0, filled);
}

function wrong(): ConnectionError {
  return new ConnectionError(
    ErrorCode.COMPRESSION_ERROR,
    'sent a malformed header block: a wrong Huffman code',
  );
}
