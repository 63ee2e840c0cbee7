/** What JSON escapes, and surrogates: a single one is written in other ways by other versions of pino. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const NOT_PLAIN = /["\\\u0000-\u001f\ud800-\udfff]/;
/** The longest text that is looked through, in characters; that of a call is seldom longer. */
const MAX_TEXT = 100;

/**
 * A line of the log as pino writes it, at about 0.6 of its price, when all that `fields` has are finite numbers and short texts that need no escape.
 * Undefined when something else is in it: then pino has to write it. `head` is the beginning with the time, without a comma behind it. Names of
 * fields are ours and need no escape.
 */
export function plainLine(head: string, fields: object, message: string): string | undefined {
  // An error is one as well, and pino writes it by other rules.
  if (Object.getPrototypeOf(fields) !== Object.prototype || !isPlain(message)) return undefined;
  let line = head;
  for (const name in fields) {
    const value = (fields as Readonly<Record<string, unknown>>)[name];
    if (value === undefined) continue;
    if (typeof value === 'string' && isPlain(value)) line += `,"${name}":"${value}"`;
    else if (typeof value === 'number' && Number.isFinite(value)) line += `,"${name}":${value}`;
    else return undefined;
  }
  return `${line},"msg":"${message}"}\n`;
}

function isPlain(text: string): boolean {
  return text.length <= MAX_TEXT && !NOT_PLAIN.test(text);
}
