import { flagOf } from '../../gateway/options/index.js';

/** Where the value of an option comes from. */
export type Origin =
  | { readonly kind: 'default' }
  | { readonly kind: 'flag' }
  | { readonly kind: 'environment'; readonly variable: string }
  /** `at` is the file with line and column, `path` the keys. */
  | { readonly kind: 'file'; readonly at: string; readonly path: string };

/** The option as an error names it: as whoever gave its value has written it. */
export function nameByOrigin(name: string, origin: Origin): string {
  switch (origin.kind) {
    case 'environment':
      return origin.variable;
    case 'file':
      return `${origin.at}: ${origin.path}`;
    default:
      return `--${flagOf(name)}`;
  }
}

/** The origin in a few words, on one line: "flag --listen", "gateway.yaml:3:11 gateway.listen". */
export function originText(name: string, origin: Origin): string {
  switch (origin.kind) {
    case 'default':
      return 'default';
    case 'flag':
      return `flag --${flagOf(name)}`;
    case 'environment':
      return `environment ${origin.variable}`;
    case 'file':
      return `${oneLine(origin.at)} ${origin.path}`;
  }
}

/** A text that begins no new line, in a comment or anywhere else. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ');
}
