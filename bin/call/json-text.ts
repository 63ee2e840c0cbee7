/** JSON as it was written: numbers of more than 53 bits are more than JavaScript can hold. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** JSON that is built of arguments. */
export type BuiltJson = JsonText | string | number | boolean | null | BuiltJson[] | BuiltObject;

/** Names of fields and keys of maps, in the order of the arguments. */
export type BuiltObject = Map<string, BuiltJson>;

/** The text of what was built. */
export function builtText(value: BuiltJson): string {
  if (value instanceof JsonText) return value.text;
  if (value instanceof Map) {
    const members = [...value].map(([name, member]) => `${JSON.stringify(name)}:${builtText(member)}`);
    return `{${members.join(',')}}`;
  }
  return Array.isArray(value) ? `[${value.map(builtText).join(',')}]` : JSON.stringify(value);
}
