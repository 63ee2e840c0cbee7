/** JSON without the white space between, and otherwise as it is written; undefined for what is no JSON. */
export function compactJson(text: string): string | undefined {
  return isJson(text) ? withTokens(text, (token) => (token.trim() === '' ? '' : token)) : undefined;
}

/** The value of a JSON text, where integers that a number of JavaScript cannot hold are strings. Throws as `JSON.parse` does. */
export function exactJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  const quoted = withTokens(text, quotedNumber);
  return quoted === text ? value : JSON.parse(quoted);
}

/** JSON as an expression of JavaScript that means the same message. What is no JSON is unchanged. */
export function scriptFromJson(text: string): string {
  if (!isJson(text)) return text;
  return withTokens(text, (token, rest) =>
    isPrototypeKey(token, rest) ? `[${token}]` : quotedNumber(token),
  );
}

/** What JavaScript writes as another number than it has read: ProtoJSON takes it as a string as well. */
function quotedNumber(token: string): string {
  if (!/^[-\d]/.test(token)) return token;
  const value = Number(token);
  const isInexact = Object.is(value, -0) || (/^-?\d+$/.test(token) && !Number.isSafeInteger(value));
  return isInexact ? `"${token}"` : token;
}

/** A member of this name would be the prototype of what is written with it. */
function isPrototypeKey(token: string, rest: string): boolean {
  return token.startsWith('"') && rest.trimStart().startsWith(':') && JSON.parse(token) === '__proto__';
}

/** A text that is JSON with each string, number, and stretch of white space changed. `rest` is what follows it. */
function withTokens(text: string, change: (token: string, rest: string) => string): string {
  let changed = '';
  for (let at = 0; at < text.length; ) {
    const end = endOfToken(text, at);
    changed += end === at ? text[at] : change(text.slice(at, end), text.slice(end, end + MAX_SPACE));
    at = Math.max(end, at + 1);
  }
  return changed;
}

/** As much as anybody leaves between a name and its colon. */
const MAX_SPACE = 1_000;

/** Where the token ends that begins here; here, for a character that is none. */
function endOfToken(text: string, from: number): number {
  const first = text[from] as string;
  let at = from;
  if (first === '"') {
    for (at += 1; text[at] !== '"'; at += 1) if (text[at] === '\\') at += 1;
    return at + 1;
  }
  const kind = [SPACE, DIGITS].find((characters) => characters.includes(first));
  while (kind !== undefined && at < text.length && kind.includes(text[at] as string)) at += 1;
  return at;
}

const SPACE = ' \t\r\n';
const DIGITS = '-+.eE0123456789';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
