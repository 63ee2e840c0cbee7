const STEP = '  ';

/** A JSON text of one line, indented. Numbers and texts stay as they were written. */
export function prettyJson(text: string): string {
  let out = '';
  let depth = 0;
  let from = 0;
  const line = () => `\n${STEP.repeat(depth)}`;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] as string;
    if (char === '"') {
      at = endOfString(text, at);
      continue;
    }
    if (char === ' ') {
      out += text.slice(from, at);
      from = at + 1;
    } else if (char === '{' || char === '[') {
      out += text.slice(from, at + 1);
      const end = afterSpaces(text, at + 1);
      from = end;
      if (text[end] === '}' || text[end] === ']') {
        out += text[end];
        from = end + 1;
        at = end;
        continue;
      }
      depth += 1;
      out += line();
      at = end - 1;
    } else if (char === '}' || char === ']') {
      depth -= 1;
      out += text.slice(from, at) + line() + char;
      from = at + 1;
    } else if (char === ',') {
      out += `${text.slice(from, at + 1)}${line()}`;
      from = at + 1;
    } else if (char === ':') {
      out += `${text.slice(from, at + 1)} `;
      from = at + 1;
    }
  }
  return out + text.slice(from);
}

/** Where a text ends that begins at `at`: its last quote. */
function endOfString(text: string, at: number): number {
  let end = at + 1;
  while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return end;
}

function afterSpaces(text: string, at: number): number {
  let end = at;
  while (text[end] === ' ') end += 1;
  return end;
}
