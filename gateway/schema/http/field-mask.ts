import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { parameterFromName } from './parameter-name.js';
import type { PathValue } from './route.js';

const FIELD_MASK = 'google.protobuf.FieldMask';

/** An underscore that no lowerCamelCase stands for, as in `line_1`. */
const UNSPELLABLE = /_(?![a-z])/;

/**
 * The ProtoJSON of a mask that came as text, whose paths are often written as in the .proto file. Undefined where ProtoJSON has no spelling for
 * one of them: see `masksAsWritten`.
 */
export function maskJson(text: string): string | undefined {
  if (UNSPELLABLE.test(text)) return undefined;
  return text.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** A mask that the address gives. */
export interface MaskInAddress {
  /** The fields down to it. */
  readonly path: readonly DescField[];
  /** Its paths, by proto names. */
  readonly paths: readonly string[];
}

/** The single masks of an address that ProtoJSON cannot spell. The names of the parameters must be known. */
export function masksAsWritten(
  input: DescMessage,
  pathValues: readonly PathValue[],
  query: URLSearchParams,
  { reserved }: { readonly reserved?: ReadonlySet<string> } = {},
): MaskInAddress[] {
  const found: MaskInAddress[] = [];
  if (query.size === 0 && !pathValues.some(({ value }) => UNSPELLABLE.test(value))) return found;
  const add = (text: string, pathOf: () => readonly DescField[]) => {
    if (!UNSPELLABLE.test(text)) return;
    const path = pathOf();
    const field = path.at(-1);
    if (field?.fieldKind !== 'message' || field.message.typeName !== FIELD_MASK) return;
    found.push({ path, paths: text.split(',').map(protoPath) });
  };
  for (const { variable, value } of pathValues) add(value, () => variable.fieldPath);
  for (const [name, value] of query) {
    if (!reserved?.has(name)) add(value, () => parameterFromName(input, name).path);
  }
  return found;
}

function protoPath(text: string): string {
  return text.includes('_') ? text : text.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
