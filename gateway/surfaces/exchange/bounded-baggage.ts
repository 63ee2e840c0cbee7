import type { Metadata } from '../../status/index.js';

const BAGGAGE = 'baggage';

/** Characters of `baggage` that travel: what services must take, and some take no more metadata than that. Source: W3C Baggage, section 3.3.2. */
export const MAX_BAGGAGE_LENGTH = 8_192;

/** The same metadata, of whose `baggage` the first members travel that fit, each whole. It costs no more than to look at the names where there is little. */
export function boundedBaggage(metadata: Metadata): Metadata {
  let length = 0;
  for (const [name, value] of metadata) if (name === BAGGAGE) length += value.length + 1;
  if (length <= MAX_BAGGAGE_LENGTH + 1) return metadata;
  const values = metadata.filter(([name]) => name === BAGGAGE).map(([, value]) => value);
  const joined = values.join(',');
  // The comma behind the last member that fits.
  const end = joined.lastIndexOf(',', MAX_BAGGAGE_LENGTH);
  const others = metadata.filter(([name]) => name !== BAGGAGE);
  return end <= 0 ? others : [...others, [BAGGAGE, joined.slice(0, end)]];
}
