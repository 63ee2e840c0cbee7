import { isDecimal } from '../json/integer-range.js';
import type { Json } from '../json/json-value.js';

/** A value as the text of an input. Undefined and null: empty. */
export function textOfValue(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/**
 * The JSON of a number as a person typed it: undefined for nothing, a number where JSON has it exactly and the type is not of 64 bits, else
 * a string, with which the check says what is wrong.
 */
export function jsonFromNumberText(typed: string, isWide: boolean): Json | undefined {
  const text = typed.trim();
  if (text === '') return undefined;
  return !isWide && isDecimal(text) ? Number(text) : text;
}

/** The bytes of a text, as base64. */
export function base64FromBytes(bytes: Uint8Array): string {
  let binary = '';
  // In pieces: the arguments of a call have a limit.
  for (let at = 0; at < bytes.length; at += 8192)
    binary += String.fromCharCode.apply(undefined, [...bytes.subarray(at, at + 8192)]);
  return btoa(binary);
}

/** The bytes of base64 of either alphabet; undefined for a text that is none. */
export function bytesFromBase64(text: string): Uint8Array | undefined {
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/** Text that these bytes are, as UTF-8; undefined for bytes that are no text, or hold control characters. */
export function textFromBytes(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
    return /[\u0000-\u0008\u000e-\u001f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** "1.5 MiB". */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let size = bytes / 1024;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`;
}
