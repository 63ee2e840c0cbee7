/** What a chart draws: points by the name of their line. */
export interface Point {
  readonly name: string;
  readonly at: number;
  readonly value: number;
}

/** A line: what it is measured by, and what is in sight of it. */
interface Line {
  readonly base: number;
  readonly points: { readonly at: number; readonly percent: number }[];
}

const NAMESPACE = 'http://www.w3.org/2000/svg';

/** A chart that has just begun shows so much, in milliseconds. */
const LEAST_SPAN_MS = 10_000;
/** Room for the words on the left and below, in pixels. */
const LEFT = 56;
const BELOW = 22;
const ABOVE = 8;
/** So many lines across at about. */
const RULES = 4;

/**
 * A chart of lines over the last `spanMs`, or since its first point, drawn once a frame however many points come. What is large and what is small have one
 * scale: each line shows by how many per cent it has changed since its first point.
 */
export class LineChart {
  readonly #svg: SVGSVGElement;
  readonly #spanMs: number;
  readonly #colorOf: (name: string) => string;
  readonly #lines = new Map<string, Line>();
  #isDue = false;

  constructor(svg: SVGSVGElement, spanMs: number, colorOf: (name: string) => string) {
    this.#svg = svg;
    this.#spanMs = spanMs;
    this.#colorOf = colorOf;
  }

  add({ name, at, value }: Point): void {
    const line = this.#lines.get(name) ?? { base: value || 1, points: [] };
    this.#lines.set(name, line);
    line.points.push({ at, percent: (value / line.base - 1) * 100 });
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => this.#draw());
  }

  clear(): void {
    this.#lines.clear();
    this.#svg.replaceChildren();
  }

  #draw(): void {
    this.#isDue = false;
    const { clientWidth: width, clientHeight: height } = this.#svg;
    this.#svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    const now = Date.now();
    let [first, least, most] = [now - LEAST_SPAN_MS, 0, 0];
    for (const { points } of this.#lines.values()) {
      points.splice(0, Math.max(0, points.findIndex(({ at }) => at >= now - this.#spanMs) - 1));
      for (const { at, percent } of points) {
        first = Math.min(first, at);
        least = Math.min(least, percent);
        most = Math.max(most, percent);
      }
    }
    const spanMs = Math.min(this.#spanMs, now - first);
    const step = roundStep((most - least) / RULES);
    [least, most] = [Math.floor(least / step) * step, Math.ceil(most / step) * step];
    if (most === least) most += step;
    const x = (at: number) => LEFT + (width - LEFT) * (1 - (now - at) / spanMs);
    const y = (percent: number) => ABOVE + (height - ABOVE - BELOW) * ((most - percent) / (most - least));

    const drawn: SVGElement[] = [];
    for (let rule = 0; rule <= Math.round((most - least) / step); rule += 1) {
      const percent = least + rule * step;
      const [at, text] = [y(percent), `${percent > 0 ? '+' : ''}${percent.toFixed(step < 1 ? 1 : 0)} %`];
      drawn.push(shape('line', { x1: LEFT, x2: width, y1: at, y2: at }));
      drawn.push(shape('text', { x: LEFT - 8, y: at + 4, 'text-anchor': 'end' }, text));
    }
    const words = { y: height - 4 };
    drawn.push(shape('text', { ...words, x: LEFT }, `${Math.round(spanMs / 1_000)} s ago`));
    drawn.push(shape('text', { ...words, x: width, 'text-anchor': 'end' }, 'now'));
    for (const [name, { points }] of this.#lines) {
      const places = points.map(
        ({ at, percent }) => `${Math.max(LEFT, x(at)).toFixed(1)},${y(percent).toFixed(1)}`,
      );
      drawn.push(shape('polyline', { points: places.join(' '), stroke: this.#colorOf(name) }));
    }
    this.#svg.replaceChildren(...drawn);
  }
}

/** The next of 1, 2 and 5, times a power of ten; a tenth at least. */
function roundStep(wanted: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(wanted, 0.1)));
  return power * ([1, 2, 5].find((factor) => factor * power >= wanted) ?? 10);
}

function shape(kind: string, attributes: Readonly<Record<string, string | number>>, text = ''): SVGElement {
  const made = document.createElementNS(NAMESPACE, kind) as SVGElement;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.textContent = text;
  return made;
}
