/**
 * What `JSON.stringify` leaves as it is, and a terminal or a reader does not: control characters beyond ASCII's first 32, and marks that turn
 * the direction of text or are not seen.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]/g;

/** A text on one line, of which nothing reaches a terminal as a command. */
export function escaped(text: string): string {
  return text.replace(UNSAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
