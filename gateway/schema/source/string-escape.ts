const SIMPLE: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['b', 8],
  ['f', 12],
  ['n', 10],
  ['r', 13],
  ['t', 9],
  ['v', 11],
  ['\\', 92],
  ["'", 39],
  ['"', 34],
  ['?', 63],
]);

const ESCAPE = /\\(?:([0-7]{1,3})|[xX]([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([\s\S]))/y;

/**
 * The bytes of a string literal whose quotes are already gone. `fail` must throw.
 * Source: https://protobuf.dev/reference/protobuf/proto3-spec/#string_literals
 */
export function readEscapes(raw: string, fail: (problem: string) => never): Uint8Array {
  if (!raw.includes('\\')) return Buffer.from(raw, 'utf8');
  // No escape is shorter than what it stands for.
  const out = Buffer.allocUnsafe(Buffer.byteLength(raw));
  let length = 0;
  let at = 0;
  while (at < raw.length) {
    const next = raw.indexOf('\\', at);
    length += out.write(raw.slice(at, next === -1 ? raw.length : next), length);
    if (next === -1) break;
    ESCAPE.lastIndex = next;
    const match = ESCAPE.exec(raw);
    if (match === null) return fail('the string ends within an escape');
    length = writeEscape(match, out, length, fail);
    at = next + match[0].length;
  }
  return out.subarray(0, length);
}

/** Returns where the next byte goes. */
function writeEscape(
  match: RegExpExecArray,
  out: Buffer,
  at: number,
  fail: (problem: string) => never,
): number {
  const [all, octal, hex, short, long, simple] = match;
  if (octal !== undefined) {
    const value = Number.parseInt(octal, 8);
    return value > 255 ? fail(`the escape ${all} is more than one byte`) : out.writeUInt8(value, at);
  }
  if (hex !== undefined) return out.writeUInt8(Number.parseInt(hex, 16), at);
  const unicode = short ?? long;
  if (unicode !== undefined) {
    const point = Number.parseInt(unicode, 16);
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return fail(`${all} is not a character`);
    return at + out.write(String.fromCodePoint(point), at);
  }
  const value = SIMPLE.get(simple ?? '');
  return value === undefined ? fail(`unknown escape ${all}`) : out.writeUInt8(value, at);
}

/** Bytes as protoc writes the default of a `bytes` field: printable ASCII, the rest as octal escapes. */
export function cEscape(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    if (byte === 10) text += '\\n';
    else if (byte === 13) text += '\\r';
    else if (byte === 9) text += '\\t';
    else if (byte === 34 || byte === 39 || byte === 92) text += `\\${String.fromCharCode(byte)}`;
    else if (byte < 32 || byte > 126) text += `\\${byte.toString(8).padStart(3, '0')}`;
    else text += String.fromCharCode(byte);
  }
  return text;
}
