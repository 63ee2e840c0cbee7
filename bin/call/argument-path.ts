/** One step of a path: the name of a field, or what stands in brackets behind it. */
export type PathStep = { readonly name: string } | { readonly key: string };

/** An argument taken apart. */
export interface FieldArgument {
  /** As it was written, up to the sign. */
  readonly name: string;
  readonly steps: readonly PathStep[];
  readonly value: string;
  /** Written with `:=`: the value is JSON. */
  readonly isJson: boolean;
}

/**
 * Takes `a.b[key].c=value` or `a.b:=JSON` apart; `undefined` where it is neither. A key is all up to the first bracket that closes, so it may hold dots and
 * equals signs.
 */
export function parseFieldArgument(argument: string): FieldArgument | undefined {
  const steps: PathStep[] = [];
  let at = 0;
  for (;;) {
    const name = takeName(argument, at);
    if (name === '') return undefined;
    steps.push({ name });
    at += name.length;
    while (argument[at] === '[') {
      const end = argument.indexOf(']', at);
      if (end < 0) return undefined;
      steps.push({ key: argument.slice(at + 1, end) });
      at = end + 1;
    }
    if (argument[at] !== '.') break;
    at += 1;
  }
  const isJson = argument.startsWith(':=', at);
  if (!isJson && argument[at] !== '=') return undefined;
  return { name: argument.slice(0, at), steps, value: argument.slice(at + (isJson ? 2 : 1)), isJson };
}

function takeName(text: string, from: number): string {
  let at = from;
  while (at < text.length && /[\w-]/.test(text[at] as string)) at += 1;
  return text.slice(from, at);
}
