import { writeFile } from 'node:fs/promises';
import { type DESCRIBE_COMMAND, nameOf, type Settings } from '../options/index.js';

/** What says where to write. */
export type OutputSettings = Pick<Settings<Pick<typeof DESCRIBE_COMMAND, 'output'>>, 'values' | 'origins'>;

/** Writes to the file of `--output` and resolves with nothing, or without that option resolves with what is to be printed. Rejects with one clear line. */
export async function writeTo(
  settings: OutputSettings,
  content: string | Uint8Array,
): Promise<string | Uint8Array> {
  const { output } = settings.values;
  if (output === undefined) return content;
  try {
    await writeFile(output, content);
  } catch (cause) {
    throw new Error(`${nameOf(settings, 'output')} ${output}: ${(cause as Error).message}`, { cause });
  }
  return '';
}
