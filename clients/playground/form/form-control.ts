import type { FieldProblem } from '../json/field-problem.js';
import type { Shape } from '../json/field-shape.js';
import type { Json, JsonPath } from '../json/json-value.js';
import type { PageSchema } from '../schema/page-schema.js';

/** What a person sets one value with. */
export interface FormControl {
  readonly root: HTMLElement;
  /** Shows a value that came from elsewhere. Undefined: there is none. What has the focus and means the same stays as it is. */
  show(value: Json | undefined): void;
  /** Shows what is wrong; paths begin at this value. Those of values that are not shown are said at what hides them. */
  mark(problems: readonly FieldProblem[]): void;
}

/** Where a control is, and whom it tells. */
export interface ControlPlace {
  /** The id of its label. */
  readonly labelId: string;
  /** Of its help and its problems. */
  readonly describedBy: string;
  /** Whether it can be emptied so that the value is not there, which is not the same as its zero. */
  readonly canBeAbsent: boolean;
  /** How deep it lies: what is deep begins folded. */
  readonly depth: number;
  readonly schema: PageSchema;
  readonly make: MakeControl;
  /** The person changed it. */
  changed(value: Json | undefined): void;
}

export type MakeControl = (shape: Shape, place: ControlPlace) => FormControl;

let ids = 0;

/** An id that no other element has. */
export function freshId(name: string): string {
  ids += 1;
  return `${name}-${ids}`;
}

/** Problems of the value under this key, with paths that begin there. */
export function problemsUnder(problems: readonly FieldProblem[], ...keys: readonly string[]): FieldProblem[] {
  return within(problems, (key) => keys.includes(String(key)));
}

/** Problems of no value below: those of the value itself. */
export function problemsHere(problems: readonly FieldProblem[]): FieldProblem[] {
  return problems.filter(({ path }) => path.length === 0);
}

function within(
  problems: readonly FieldProblem[],
  isKey: (key: JsonPath[number]) => boolean,
): FieldProblem[] {
  return problems.flatMap(({ path: [first, ...rest], text, isAdvice }) =>
    first !== undefined && isKey(first) ? [{ path: rest, text, isAdvice }] : [],
  );
}
