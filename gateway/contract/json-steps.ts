import type { Steps } from '../async/index.js';
import type { Json, JsonObject } from '../schema/index.js';

/** Members of members of members are written one by one: in a document that is each path, and each component. */
const DEPTH = 3;
/** How much text is made into bytes at a time. */
const PIECE_CHARS = 256 * 1024;

/** The bytes of `JSON.stringify(document)` and a line feed, step by step. */
export function* jsonSteps(document: JsonObject): Steps<Buffer> {
  const pieces: Buffer[] = [];
  let text = '';
  const write = (more: string): void => {
    text += more;
    if (text.length < PIECE_CHARS) return;
    pieces.push(Buffer.from(text));
    text = '';
  };
  function* writeValue(value: Json, depth: number): Steps<void> {
    if (depth === 0 || value === null || typeof value !== 'object' || Array.isArray(value)) {
      write(JSON.stringify(value));
      yield;
      return;
    }
    let before = '{';
    for (const [name, member] of Object.entries(value)) {
      if (member === undefined) continue;
      write(`${before}${JSON.stringify(name)}:`);
      before = ',';
      yield* writeValue(member, depth - 1);
    }
    write(before === '{' ? '{}' : '}');
  }
  yield* writeValue(document, DEPTH);
  write('\n');
  pieces.push(Buffer.from(text));
  return Buffer.concat(pieces);
}
