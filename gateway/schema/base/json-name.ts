/**
 * The JSON name that protoc gives a field: underscores go, the letter after one becomes upper case.
 * Source: https://protobuf.dev/programming-guides/json/ and ToJsonName in protoc.
 */
export function jsonNameFromProto(name: string): string {
  let json = '';
  let upper = false;
  for (const char of name) {
    if (char === '_') upper = true;
    else {
      json += upper && char >= 'a' && char <= 'z' ? char.toUpperCase() : char;
      upper = false;
    }
  }
  return json;
}
