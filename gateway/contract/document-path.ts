import type { DescField } from '@bufbuild/protobuf';
import { type HttpBinding, parsePathTemplate } from '../schema/index.js';

/** One wildcard of a path template. */
export interface PathPart {
  /** What stands between the braces of the document. */
  readonly name: string;
  /** The field that it fills, or a part of which it is; absent: a wildcard without a variable. */
  readonly field: DescField | undefined;
  /** The variable as declared, for example "name=shelves/*", where the part is not all of it. */
  readonly within: string | undefined;
  /** It may have slashes. */
  readonly open: boolean;
}

/** A path template in the spelling of OpenAPI and AsyncAPI: one variable stands for one segment, or for the rest. */
export interface DocumentPath {
  /** For example "/v1/shelves/{name}/books:peek". */
  readonly path: string;
  /** The same for all templates that a document cannot tell apart. */
  readonly shape: string;
  readonly parts: readonly PathPart[];
}

/**
 * The path of a binding. A variable that is one wildcard keeps its name; one of several segments, such as `name=shelves/*`, is written as its literals
 * with a variable for each wildcard.
 */
export function documentPath({ template, variables }: HttpBinding): DocumentPath {
  const parsed = parsePathTemplate(template);
  const parts: PathPart[] = [];
  const names = new Set<string>();
  const texts = parsed.segments.map((segment, index) => {
    if (segment.kind === 'literal') return segment.text;
    const at = parsed.variables.findIndex(({ start, end }) => start <= index && index < end);
    const variable = parsed.variables[at];
    const field = variables[at]?.fieldPath.at(-1);
    const whole = variable === undefined || variable.end - variable.start === 1;
    const within = whole ? undefined : `${variable.field}=${textOf(parsed.segments, variable)}`;
    const name = freeName(variable?.field ?? 'segment', names);
    parts.push({ name, field, within, open: segment.kind === 'rest' });
    return `{${name}}`;
  });
  const shapes = parsed.segments.map((segment) => (segment.kind === 'literal' ? segment.text : '{}'));
  const verb = parsed.verb === '' ? '' : `:${parsed.verb}`;
  return { path: `/${texts.join('/')}${verb}`, shape: `/${shapes.join('/')}${verb}`, parts };
}

/** The same path with the names that another one of the same shape has. */
export function renamedPath(path: DocumentPath, like: DocumentPath): DocumentPath {
  const parts = path.parts.map((part, index) => ({ ...part, name: like.parts[index]?.name ?? part.name }));
  return { ...like, parts };
}

function textOf(
  segments: ReturnType<typeof parsePathTemplate>['segments'],
  { start, end }: { readonly start: number; readonly end: number },
): string {
  const texts = segments
    .slice(start, end)
    .map((segment) => (segment.kind === 'literal' ? segment.text : segment.kind === 'one' ? '*' : '**'));
  return texts.join('/');
}

/** A dot is kept: it is what fields are separated by. */
function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let count = 2; taken.has(name); count += 1) name = `${wanted}-${count}`;
  taken.add(name);
  return name;
}
