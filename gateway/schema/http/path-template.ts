/** One part of a path template, between two slashes. */
export type TemplateSegment =
  /** In the form of `canonicalSegment`. */
  | { readonly kind: 'literal'; readonly text: string }
  /** `*`: one segment. */
  | { readonly kind: 'one' }
  /** `**`: any number of segments, also none. At most one in a template. */
  | { readonly kind: 'rest' };

export interface TemplateVariable {
  /** "a.b" */
  readonly field: string;
  /** The segments of the template that it captures; a `**` among them captures what the others leave of the path. */
  readonly start: number;
  readonly end: number;
  readonly multiSegment: boolean;
}

export interface PathTemplate {
  readonly segments: readonly TemplateSegment[];
  readonly variables: readonly TemplateVariable[];
  /** "" when there is none. */
  readonly verb: string;
  /** The same for two templates that match the same paths, whatever their variables are called. */
  readonly shape: string;
}

const ONE: TemplateSegment = { kind: 'one' };
const REST: TemplateSegment = { kind: 'rest' };
/** More than any API has; bounds the depth of the route tree. */
const MAX_SEGMENTS = 128;
const FIELD = /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*$/;
/** What has one spelling only. */
const PLAIN = /^[A-Za-z0-9\-._~]*$/;
/** What may stand in a segment unencoded. Source: RFC 3986 section 3.3, pchar. */
const NOT_PCHAR = /[^A-Za-z0-9\-._~!$&'()*+,;=:@%\ud800-\udfff]/gu;

/**
 * Reads a path template. Source: google/api/http.proto, "Path template syntax". Throws an `Error` whose text says
 * what is wrong with the template. Beyond the text there, "/" alone is the root path, and segments may follow `**`, since services do
 * bind both and other gateways serve them. A second `**` is refused: a path would match in several ways.
 */
export function parsePathTemplate(template: string): PathTemplate {
  if (last?.template !== template) last = { template, parsed: parse(template) };
  return last.parsed;
}

/** The one before: a rule is checked, compared with others, and bound, one after the other. */
let last: { readonly template: string; readonly parsed: PathTemplate } | undefined;

function parse(template: string): PathTemplate {
  if (!template.startsWith('/')) throw new Error('a path template begins with "/"');
  const { path, verb } = splitVerb(template);
  if (path === '/' && verb === '') return finish([{ kind: 'literal', text: '' }], [], '');

  const segments: TemplateSegment[] = [];
  const variables: TemplateVariable[] = [];
  for (let at = 0; at < path.length; ) {
    if (path[at] !== '/') throw new Error(`expected "/" before "${path.slice(at)}"`);
    at += 1;
    if (path[at] === '{') {
      const close = path.indexOf('}', at);
      if (close === -1) throw new Error('a "{" has no "}"');
      readVariable(path.slice(at + 1, close), segments, variables);
      at = close + 1;
    } else {
      const slash = path.indexOf('/', at);
      const end = slash === -1 ? path.length : slash;
      segments.push(readSegment(path.slice(at, end)));
      at = end;
    }
  }
  return finish(segments, variables, verb);
}

function finish(segments: TemplateSegment[], variables: TemplateVariable[], verb: string): PathTemplate {
  if (segments.length > MAX_SEGMENTS) throw new Error(`more than ${MAX_SEGMENTS} segments`);
  let shape = '';
  let rests = 0;
  for (const segment of segments) {
    if (segment.kind === 'rest') rests += 1;
    shape += segment.kind === 'literal' ? `/${segment.text}` : segment.kind === 'one' ? '/{*}' : '/{**}';
  }
  if (rests > 1) throw new Error('"**" occurs twice, so a path would match in several ways');
  for (const [index, { field }] of variables.entries()) {
    const isTwice = variables.findIndex((variable) => variable.field === field) < index;
    if (isTwice) throw new Error(`the variable "${field}" occurs twice`);
  }
  return { segments, variables, verb, shape: verb === '' ? shape : `${shape}:${verb}` };
}

/** The verb follows the last ":" of the last segment, outside of braces. */
function splitVerb(template: string): { path: string; verb: string } {
  const from = Math.max(template.lastIndexOf('/'), template.lastIndexOf('}'));
  const colon = template.lastIndexOf(':');
  if (colon <= from) return { path: template, verb: '' };
  const verb = template.slice(colon + 1);
  if (verb === '' || /[{}*]/.test(verb)) throw new Error(`":${verb}" is no verb`);
  return { path: template.slice(0, colon), verb: canonicalSegment(verb) };
}

function readVariable(text: string, segments: TemplateSegment[], variables: TemplateVariable[]): void {
  const equals = text.indexOf('=');
  const field = equals === -1 ? text : text.slice(0, equals);
  if (!FIELD.test(field)) throw new Error(`"${field}" is no name of a field`);
  const start = segments.length;
  for (const part of equals === -1 ? ['*'] : text.slice(equals + 1).split('/'))
    segments.push(readSegment(part));
  const own = segments.slice(start);
  const multiSegment = own.length > 1 || own[0]?.kind === 'rest';
  variables.push({ field, start, end: segments.length, multiSegment });
}

function readSegment(text: string): TemplateSegment {
  if (text === '*') return ONE;
  if (text === '**') return REST;
  if (text === '') throw new Error('a segment is empty');
  if (PLAIN.test(text)) return { kind: 'literal', text };
  if (/[{}*]/.test(text)) throw new Error(`"${text}" is no literal; "*", "{" and "}" stand alone`);
  return { kind: 'literal', text: canonicalSegment(text) };
}

/**
 * The one spelling that literals are compared in: what cannot stand in a path is percent-encoded, and hexadecimal
 * digits are upper case. Nothing is decoded, so `%2F` never becomes a slash.
 */
export function canonicalSegment(text: string): string {
  if (PLAIN.test(text)) return text;
  return text
    .replace(NOT_PCHAR, (char) => encodeURIComponent(char))
    .replace(/%[0-9a-fA-F]{2}/g, (octet) => octet.toUpperCase());
}
