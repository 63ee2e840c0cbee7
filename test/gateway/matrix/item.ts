/** Tag of field 1, length-delimited: the text of an Item, and the content of a Piece. */
const TEXT = 0x0a;

/** An Item, or a Piece, with that text. */
export function itemBytes(text: string): Buffer {
  const value = Buffer.from(text, 'latin1');
  const length: number[] = [];
  let left = value.length;
  for (; left > 127; left >>>= 7) length.push((left & 127) | 128);
  return Buffer.concat([Buffer.from([TEXT, ...length, left]), value]);
}

/** The text of one. */
export function textOf(item: Uint8Array): string {
  let at = 1;
  while (((item[at] ?? 0) & 128) !== 0) at += 1;
  return Buffer.from(item.subarray(at + 1)).toString('latin1');
}
