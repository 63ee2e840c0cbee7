/** What a chart draws: points by the name of their line. */
export interface Point {
  readonly name: string;
  readonly at: number;
  readonly value: number;
}

const NAMESPACE = 'http://www.w3.org/2000/svg';
const WIDTH = 1_000;
const HEIGHT = 300;

/** A chart that has just begun shows so much, in milliseconds. */
const LEAST_SPAN_MS = 10_000;

/** A chart of lines over the last `spanMs`, or since its first point, drawn once a frame however many points come. Each line has the range of its own values. */
export class LineChart {
  readonly #svg: SVGSVGElement;
  readonly #spanMs: number;
  readonly #colorOf: (name: string) => string;
  readonly #lines = new Map<string, Point[]>();
  #isDue = false;

  constructor(svg: SVGSVGElement, spanMs: number, colorOf: (name: string) => string) {
    this.#svg = svg;
    this.#spanMs = spanMs;
    this.#colorOf = colorOf;
    svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
    svg.setAttribute('preserveAspectRatio', 'none');
  }

  add(point: Point): void {
    const line = this.#lines.get(point.name) ?? [];
    this.#lines.set(point.name, line);
    line.push(point);
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
    const now = Date.now();
    let first = now - LEAST_SPAN_MS;
    for (const [point] of this.#lines.values()) first = Math.min(first, point?.at ?? now);
    const spanMs = Math.min(this.#spanMs, now - first);
    const lines = [...this.#lines].map(([name, points]) => this.#lineOf(name, points, now, spanMs));
    this.#svg.replaceChildren(...lines);
  }

  #lineOf(name: string, points: Point[], now: number, spanMs: number): SVGPolylineElement {
    const old = points.findIndex(({ at }) => at > now - spanMs - 1);
    points.splice(0, Math.max(0, old));
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (const { value } of points) {
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    const range = most - least || 1;
    const line = document.createElementNS(NAMESPACE, 'polyline');
    const place = ({ at, value }: Point) => {
      const x = WIDTH * (1 - (now - at) / spanMs);
      const y = HEIGHT * (0.95 - (0.9 * (value - least)) / range);
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    };
    line.setAttribute('points', points.map(place).join(' '));
    line.setAttribute('stroke', this.#colorOf(name));
    return line;
  }
}
