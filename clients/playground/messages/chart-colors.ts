/** Lines that can be told apart, also by people who do not see all colours, at 3:1 on white. Source: after Paul Tol, "muted" and "bright". */
const ON_LIGHT = [
  '#0b5cad',
  '#b3440b',
  '#117733',
  '#882255',
  '#332288',
  '#8a6d00',
  '#007a87',
  '#a3232b',
  '#5b6776',
  '#6b3fa0',
  '#3d7a00',
  '#c2187a',
];
const ON_DARK = [
  '#7ab8f5',
  '#ffa066',
  '#7fd6a0',
  '#f29bc8',
  '#b7a9ff',
  '#e6c84f',
  '#5fd4e0',
  '#ff9a9a',
  '#b4bfcc',
  '#cfa3ff',
  '#b2d96b',
  '#ff8ad0',
];

export interface LineColors {
  readonly text: string;
  readonly grid: string;
  readonly lines: readonly string[];
}

/** The colours of a chart, which is a canvas and knows no style sheet. */
export function lineColors(): LineColors {
  const style = getComputedStyle(document.documentElement);
  return {
    text: style.getPropertyValue('--quiet').trim() || 'gray',
    grid: style.getPropertyValue('--line').trim() || 'lightgray',
    lines: matchMedia('(prefers-color-scheme: dark)').matches ? ON_DARK : ON_LIGHT,
  };
}
