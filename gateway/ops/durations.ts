import type { Sample } from './family.js';

/** From a cache's answer to a stream of an hour, in seconds. */
const BUCKETS_S = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 60, 600, 3_600];

/** What OpenTelemetry advises for calls. Source: its conventions for RPC metrics. */
export const RPC_BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** How long things took: as many of them as are at most so long. Plain numbers until somebody asks. */
export class Durations {
  /** One more than there are bounds: the last are longer than all of them. */
  readonly #counts: number[];
  readonly #bounds: readonly number[];
  #sum = 0;

  constructor(bounds: readonly number[] = BUCKETS_S) {
    this.#bounds = bounds;
    this.#counts = new Array(bounds.length + 1).fill(0);
  }

  observe(seconds: number): void {
    let at = 0;
    while (at < this.#bounds.length && seconds > (this.#bounds[at] as number)) at += 1;
    this.#counts[at] = (this.#counts[at] as number) + 1;
    this.#sum += seconds;
  }

  /** The series of a histogram of that name, with these labels. */
  *samples(name: string, labels: Readonly<Record<string, string>>): Iterable<Sample> {
    let total = 0;
    for (const [at, count] of this.#counts.entries()) {
      total += count;
      yield {
        metricName: `${name}_bucket`,
        labels: { le: this.#bounds[at] ?? '+Inf', ...labels },
        value: total,
      };
    }
    yield { metricName: `${name}_sum`, labels, value: this.#sum };
    yield { metricName: `${name}_count`, labels, value: total };
  }
}
