import { type NumberOption, type OptionRow, UNITS } from '../../gateway/options/index.js';

/** What a help text shows in the place of a value. */
export function placeholderOf(row: OptionRow): string {
  switch (row.type) {
    case 'number':
      return row.unit === 'ms' || row.unit === 'bytes' ? row.unit.toUpperCase() : 'N';
    case 'ratio':
      return 'RATIO';
    case 'choice':
      return row.choices.length <= 2 ? row.choices.join('|') : 'NAME';
    case 'switch':
      return '';
    default:
      return row.value;
  }
}

/** The default of an option as help texts and documents show it, with its unit: "4194304 bytes (4 MiB)", "off", "none". */
export function defaultInWords(row: OptionRow): string {
  switch (row.type) {
    case 'switch':
      return 'off';
    case 'list':
      return 'none';
    case 'number':
      return numberInWords(row);
    default:
      return String(row.default ?? 'none');
  }
}

function numberInWords({ default: value, unit, defaultText }: NumberOption): string {
  const mib = value / 1024 ** 2;
  const inMiB = unit === 'bytes' && Number.isInteger(mib) ? ` (${mib} MiB)` : '';
  const word = unit === 'ms' ? unit : UNITS[unit];
  return `${value} ${word}${inMiB}${defaultText === undefined ? '' : `, ${defaultText}`}`;
}
