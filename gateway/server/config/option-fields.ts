import { z } from 'zod';
import { allowedValues, defaultOf, type OptionRow, type OptionTable } from '../../options/index.js';

/** What a text must have to count as one. */
const NOT_BLANK = /\S/;

/** The rows of a table of options as keys of the file; all of them may be left out. */
export function fieldsOf(table: OptionTable): Record<string, z.ZodOptional<z.ZodType>> {
  return Object.fromEntries(
    Object.entries(table).map(([name, row]) => {
      const fallback = defaultOf(row);
      const about = { description: row.help, ...(fallback === undefined ? {} : { default: fallback }) };
      return [name, fieldOf(row).meta(about).optional()];
    }),
  );
}

/** An integer within bounds; `of` says what it counts. */
export function wholeNumberField(of: string, min: number, max: number): z.ZodInt {
  const error = `must be ${of} from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

function fieldOf(row: OptionRow): z.ZodType {
  const error = `must be ${allowedValues(row)}`;
  switch (row.type) {
    case 'number':
      return z.int({ error }).min(row.min, { error }).max(row.max, { error });
    case 'ratio':
      return z.number({ error }).min(0, { error }).max(1, { error });
    case 'switch':
      return z.boolean({ error });
    case 'choice':
      // YAML has no texts "true" and "false" unless they are quoted.
      return z.literal([...row.choices, ...Object.keys(row.aliases ?? {}).map((alias) => alias === 'true')], {
        error,
      });
    case 'list':
      return z.array(z.string({ error }).regex(NOT_BLANK, { error }), { error });
    case 'text':
      return z.string({ error }).regex(NOT_BLANK, { error });
  }
}
