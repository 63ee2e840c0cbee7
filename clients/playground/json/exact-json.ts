/** Strings, numbers and white space of a text that is JSON; nothing else of it matches. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|\s+/g;
/** What JavaScript writes as another number than it has read: ProtoJSON takes it as a string as well. */
const NEGATIVE_ZERO = /^-0(?:\.0*)?(?:[eE][+-]?\d+)?$/;

/** JSON without the white space between, and otherwise as it is written; undefined for what is no JSON. */
export function compactJson(text: string): string | undefined {
  return isJson(text) ? text.replace(TOKENS, (token) => (/^\s/.test(token) ? '' : token)) : undefined;
}

/** The value of a JSON text, where integers that a number of JavaScript cannot hold are strings. Throws as `JSON.parse` does. */
export function exactJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  const quoted = withQuotedNumbers(text);
  return quoted === text ? value : JSON.parse(quoted);
}

/** JSON as an expression of JavaScript that means the same message. What is no JSON is unchanged. */
export function scriptFromJson(text: string): string {
  if (!isJson(text)) return text;
  return withQuotedNumbers(text).replace(TOKENS, (token, at: number, whole: string) =>
    isPrototypeKey(token, whole.slice(at + token.length)) ? `[${token}]` : token,
  );
}

function withQuotedNumbers(text: string): string {
  return text.replace(TOKENS, (token) => (isInexact(token) ? `"${token}"` : token));
}

function isInexact(token: string): boolean {
  if (!/^[-\d]/.test(token)) return false;
  return NEGATIVE_ZERO.test(token) || (/^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token)));
}

/** A member of this name would be the prototype of what is written with it. */
function isPrototypeKey(token: string, rest: string): boolean {
  return token.startsWith('"') && /^\s*:/.test(rest) && JSON.parse(token) === '__proto__';
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
