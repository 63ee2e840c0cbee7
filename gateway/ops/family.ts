/** One number of a metric. */
export interface Sample {
  /** Where it is not the family's own, as the buckets of a histogram. */
  readonly metricName?: string;
  readonly labels?: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** A metric with all its series; what it has is asked at each scrape. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  samples(): Iterable<Sample>;
}
