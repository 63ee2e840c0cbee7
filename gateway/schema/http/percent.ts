import { RpcError } from '../../status/index.js';

/**
 * The value of a path variable. One segment is decoded whole; of several segments `%2F` and `%2f` stay as they are,
 * because decoded they could not be told from the slashes between segments. Source: google/api/http.proto.
 * Throws `RpcError` INVALID_ARGUMENT naming the field when a percent sequence is broken or not UTF-8.
 */
export function decodePathValue(raw: string, multiSegment: boolean, field: string): string {
  if (!raw.includes('%')) return raw;
  try {
    if (!multiSegment) return decodeURIComponent(raw);
    return raw
      .split(/(%2[fF])/)
      .map((part, index) => (index % 2 === 1 ? part : decodeURIComponent(part)))
      .join('');
  } catch (error) {
    throw new RpcError(
      'INVALID_PARAMETER',
      `the path value of "${field}" must be UTF-8 in percent-encoding, "%" itself as %25`,
      { cause: error },
    );
  }
}
