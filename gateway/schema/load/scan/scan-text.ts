import type { FieldCursor } from './field-cursor.js';

/** A name of a declaration: all others are not plain. */
export const IDENTIFIER_ONLY = /^[A-Za-z0-9_]+$/;

/** The text of a field, byte by byte: of names that are not ASCII it makes others, which fit nothing. */
export function textOf(bytes: Buffer, { start, stop }: FieldCursor): string {
  return bytes.toString('latin1', start, stop);
}
