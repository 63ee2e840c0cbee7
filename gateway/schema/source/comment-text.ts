/** A comment in a source: where it begins and ends, with its marks. Lines of `//` that follow each other are one. */
export interface CommentRange {
  readonly start: number;
  readonly end: number;
  readonly isBlock: boolean;
}

/** The text of a comment in the form that protoc gives it. */
export function commentText(source: string, { start, end, isBlock }: CommentRange): string {
  if (isBlock) return source.slice(start + 2, end - 2).replace(/\n[ \t]*\*?/g, '\n');
  let text = '';
  for (let at = start; at < end; ) {
    const mark = source.indexOf('//', at);
    const found = source.indexOf('\n', mark);
    const stop = found === -1 || found > end ? end : found;
    const last = source[stop - 1] === '\r' ? stop - 1 : stop;
    text += `${source.slice(mark + 2, last)}\n`;
    at = stop + 1;
  }
  return text;
}
