import { type NumberOption, type OptionRow, type OptionValue, UNITS } from './option.js';

/** A value, or why a text is not one: a phrase to put behind the name of whatever gave the text. */
export type OptionReading = { readonly value: OptionValue } | { readonly fault: string };

/** The longest part of a wrong value that an error repeats, in characters. */
const MAX_SHOWN = 60;

/** What an option accepts, in words: "a whole number of milliseconds from 1 to 2147483647". */
export function allowedValues(row: OptionRow): string {
  switch (row.type) {
    case 'number':
      return `a whole number of ${UNITS[row.unit]} from ${row.min} to ${row.max}`;
    case 'ratio':
      return 'a number from 0 to 1';
    case 'choice':
      return row.choices.length === 2 ? row.choices.join(' or ') : `one of ${row.choices.join(', ')}`;
    case 'switch':
      return 'true or false';
    case 'list':
      return `a list of ${row.value}, none of them empty`;
    case 'text':
      return `a text (${row.value}) that is not empty`;
  }
}

/** Reads one text of a command line or a variable. Of a list it is one entry. */
export function readOptionText(row: OptionRow, text: string): OptionReading {
  switch (row.type) {
    case 'number': {
      const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
      return isNumberOf(row, value) ? { value } : wrong(row, text);
    }
    case 'ratio': {
      const value = /^\d(?:\.\d{1,15})?$/.test(text) ? Number(text) : Number.NaN;
      return isRatio(value) ? { value } : wrong(row, text);
    }
    case 'choice': {
      const value = row.aliases?.[text] ?? text;
      return row.choices.includes(value) ? { value } : wrong(row, text);
    }
    case 'switch':
      if (/^(?:1|true|yes)$/i.test(text)) return { value: true };
      if (/^(?:0|false|no)$/i.test(text)) return { value: false };
      return wrong(row, text);
    case 'list':
    case 'text':
      return text.trim() === '' ? { fault: 'must not be empty' } : { value: text };
  }
}

/** Whether a number is one that this option accepts. */
function isNumberOf({ min, max }: NumberOption, value: number): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max;
}

/** Whether it is a part of a whole. */
export function isRatio(value: number): boolean {
  return value >= 0 && value <= 1;
}

/** Throws a RangeError that names the option and says what it accepts. */
export function assertNumber(name: string, row: NumberOption, value: number): void {
  if (isNumberOf(row, value)) return;
  throw new RangeError(`${name} must be ${allowedValues(row)}, not ${value}`);
}

function wrong(row: OptionRow, text: string): OptionReading {
  const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
  return { fault: `must be ${allowedValues(row)}, not ${JSON.stringify(shown)}` };
}
