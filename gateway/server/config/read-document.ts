import { isCollection, isScalar, Lexer, LineCounter, Parser, parseDocument, visit, type YAMLMap } from 'yaml';
import { ConfigError } from './config-error.js';

/** The longest file that is read, in UTF-16 units: what a ConfigMap of Kubernetes holds. What is longer is another file by mistake. */
export const MAX_CONFIG_LENGTH = 1024 * 1024;

/** Maps and lists in each other. The file needs four; the library answers thousands with an exhausted stack. */
const MAX_DEPTH = 64;

/** The longest part of a wrong key that an error repeats, in characters. */
const MAX_SHOWN = 60;

/**
 * Takes the text of a configuration file apart; `file` is its name, for errors. The cost is linear in the length of the text, which is bounded.
 * Throws `ConfigError` for what is no YAML, and for what only looks as if it said something.
 */
export function readDocument(text: string, file: string) {
  if (text.length > MAX_CONFIG_LENGTH) {
    throw new ConfigError(`${file}: longer than ${MAX_CONFIG_LENGTH} characters`);
  }
  const lines = new LineCounter();
  const at = (offset: number | undefined) => {
    if (offset === undefined) return file;
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  assertShallow(text, file);
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    strict: true,
    // The library compares each key with all before it; see assertKeys.
    uniqueKeys: false,
    // !!set and !!omap become objects that have no keys for whoever asks for some.
    resolveKnownTags: false,
  });
  const [broken] = [...document.errors, ...document.warnings];
  if (broken !== undefined) {
    throw new ConfigError(`${at(broken.pos[0])}: ${broken.message.split('\n', 1)[0]}`);
  }
  visit(document, { Map: (_, map) => assertKeys(map, at) });
  return { document, at };
}

/** The depth is known before anything that calls itself reads the text. */
function assertShallow(text: string, file: string): void {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    for (const _ of parser.next(lexeme));
    if (parser.stack.length > MAX_DEPTH) {
      throw new ConfigError(`${file}: maps and lists are nested deeper than ${MAX_DEPTH}`);
    }
  }
}

function assertKeys(map: YAMLMap, at: (offset: number | undefined) => string): void {
  const seen = new Set<string>();
  for (const { key } of map.items) {
    const offset = isScalar(key) || isCollection(key) ? key.range?.[0] : undefined;
    const name = isScalar(key) ? String(key.value) : String(key);
    // YAML takes anything for a key, and JavaScript takes this one for something else.
    if (!isScalar(key) || name === '__proto__') {
      throw new ConfigError(`${at(offset)}: a key must be a word, not ${shortened(name)}`);
    }
    if (seen.has(name)) {
      throw new ConfigError(`${at(offset)}: keys must be unique: ${shortened(JSON.stringify(name))}`);
    }
    seen.add(name);
  }
}

/** A name as errors show it: no longer than a person reads. */
export function shortened(name: string): string {
  return name.length > MAX_SHOWN ? `${name.slice(0, MAX_SHOWN)}...` : name;
}
