import { createHash } from 'node:crypto';

const MAX_NAME_LENGTH = 200;

/**
 * A store name for any text, different for different texts: letters, digits, `.` and `-` stay, every other UTF-8 byte becomes
 * `_` and two hexadecimal digits. What would be longer than 200 characters becomes `_h` and its SHA-256.
 */
export function logName(text: string): string {
  if (text === '') return '_empty';
  let name = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const character = String.fromCharCode(byte);
    name += /[a-zA-Z0-9.-]/.test(character) ? character : `_${byte.toString(16).padStart(2, '0')}`;
    // `_h` and `_empty` cannot be the escape of a byte, so nothing else encodes to them.
    if (name.length > MAX_NAME_LENGTH) return `_h${createHash('sha256').update(text).digest('hex')}`;
  }
  return name;
}

/** Throws a RangeError unless `name` may name a log or a map. */
export function assertLogName(name: string): void {
  if (!/^[a-zA-Z0-9._-]{1,200}$/.test(name)) {
    throw new RangeError(
      `store name ${JSON.stringify(name)}: only a-z A-Z 0-9 . _ - and at most 200; see logName`,
    );
  }
}
