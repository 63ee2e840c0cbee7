/**
 * Where the codec and the oracle differ on purpose, for JSON; for wire bytes see strict-wire.ts. All follow the ProtoJSON
 * page (https://protobuf.dev/programming-guides/json/) or the RFC that it stands on; each has a hand-written case in
 * compiled-codec.test.ts.
 */

/** What the codec refuses and the oracle accepts, by the codec's reason. */
const REFUSALS: readonly RegExp[] = [
  // RFC 4648, 3.2 and 3.3: no white space, no padding in the middle or of the wrong length.
  /expected base64/,
  // "A decimal number": the oracle takes what JavaScript's Number() takes: "0x1f", "+1", ".5", "5.".
  /expected an? (integer|number).*, not "/,
  // Unquoted integers are read exactly: the oracle does not see a small fraction of a large number.
  /expected an integer.*, not -?[\d.]{16}/,
  // RFC 3339: 30 February and hour 24 are no times.
  /expected a time such as/,
  // The oracle does not look behind the "s", and fails on more than nine digits.
  /expected a duration such as/,
  // A half of a surrogate pair has no UTF-8: the oracle writes U+FFFD where it does not check.
  /half of a surrogate pair/,
  // A google.protobuf.Value is finite: the oracle takes 1e400 as Infinity.
  /too large for a double/,
  // An extension of another message is an unknown field: the oracle leaves it out.
  /has no field "\[/,
  // Within Any a well-known type has "value" and nothing else.
  /an Any that holds/,
];

/** What the codec accepts and the oracle refuses, by the oracle's reason. */
const ACCEPTANCES: readonly RegExp[] = [
  // Exponents and fractions of zero are fine in quoted integers of 64 bits as well; unquoted ones are read exactly.
  /expected bigint/,
  // null is the same as absent, also for a member of a oneof whose type is a message or an enum.
  /oneof set multiple times/,
];

export function isWrittenRefusal(reason: string): boolean {
  return REFUSALS.some((pattern) => pattern.test(reason));
}

export function isWrittenAcceptance(oracleReason: string): boolean {
  return ACCEPTANCES.some((pattern) => pattern.test(oracleReason));
}

/**
 * Differences of meaning: the oracle reads long unquoted integers by way of a double, and gives every Any the prefix
 * "type.googleapis.com", whatever its own.
 */
export function isWrittenMeaning(json: string, difference: string): boolean {
  return /\d{16}|\d[eE]\+?\d/.test(json) || difference.includes('@type');
}
