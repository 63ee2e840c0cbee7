import { readOption } from './option-value.js';
import type { TokenReader } from './token-reader.js';

/** Reads `[a = 1, (b).c = 2]`, or nothing. */
export function readInlineOptions(reader: TokenReader): ReturnType<typeof readOption>[] {
  const options: ReturnType<typeof readOption>[] = [];
  if (!reader.acceptSymbol('[')) return options;
  do options.push(readOption(reader));
  while (reader.acceptSymbol(','));
  reader.expectSymbol(']');
  return options;
}
