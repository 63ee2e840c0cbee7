const UNDERSCORE = 95;
const FIRST_LETTER = 97;
const LAST_LETTER = 122;

/**
 * The JSON name that protoc gives a field: underscores go, the letter after one becomes upper case.
 * Source: https://protobuf.dev/programming-guides/json/ and ToJsonName in protoc.
 */
export function jsonNameFromProto(name: string): string {
  let at = name.indexOf('_');
  if (at === -1) return name;
  let json = name.slice(0, at);
  while (at < name.length) {
    // Behind one or several underscores.
    while (name.charCodeAt(at) === UNDERSCORE) at += 1;
    const found = name.indexOf('_', at);
    const end = found === -1 ? name.length : found;
    const code = name.charCodeAt(at);
    const isLetter = code >= FIRST_LETTER && code <= LAST_LETTER;
    json += isLetter ? name.charAt(at).toUpperCase() + name.slice(at + 1, end) : name.slice(at, end);
    at = end;
  }
  return json;
}
