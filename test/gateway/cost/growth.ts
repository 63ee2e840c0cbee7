/** CPU time below which nothing is said, in milliseconds: timers, a garbage collection and a busy machine are as large. */
const NOISE_MS = 40;
/**
 * Sixteen times the input may cost 64 times as much, eight times for each step of four: n log n, caches and collections. The square costs
 * 256 times as much.
 */
const FACTOR = 16;
const MOST_GROWTH = 64;
/**
 * And it must have grown so much in each of the two steps of four; the square costs 16 times as much in each. An input that no longer fits into
 * a cache costs several times as much a byte, but only in one of them.
 */
const STEP = 4;
const MOST_STEP_GROWTH = 8;
const SMALLEST = 8 * 1024;
/** What the small input costs is not known better than this. */
const LEAST_MS = 0.2;
/** One run longer than this is not repeated: it has said enough. */
const LONG_MS = 400;
const RUNS = 3;
const LARGEST = 128 * 1024;

/** Work on an input of about `size` bytes. Making the input does not count. */
export interface Cost {
  readonly name: string;
  /** Makes the input and returns the work on it; what that throws is of no matter. */
  readonly prepare: (size: number) => () => unknown;
  /** The largest input. Default 128 KiB: the square of it takes seconds, whatever it does. */
  readonly largest?: number;
}

/** What grew faster than its input, as a sentence; undefined when nothing did. */
export function faultOfGrowth(cost: Cost): string | undefined {
  const largest = cost.largest ?? LARGEST;
  for (let size = SMALLEST; size <= largest; size *= 4) {
    // Most are far below the noise, and nothing more is to be known of them.
    const once = cpuMs(cost, size);
    if (once < NOISE_MS) continue;
    const growth = growthAt(cost, size);
    // Again: it may have been the machine, or the garbage of the runs before.
    if (
      growth > MOST_GROWTH &&
      growthAt(cost, size) > MOST_GROWTH &&
      growthAt(cost, size) > MOST_GROWTH &&
      growsInEachStep(cost, size)
    )
      return `${cost.name}: ${FACTOR} times the input, ${size} bytes, costs ${growth.toFixed(0)} times as much`;
    if (once > LONG_MS) return undefined;
  }
  return undefined;
}

/**
 * How much more the whole input costs than a part of it: the best of several runs in turn against the median of the others, since only what
 * grows by itself does so in every run.
 */
function growthAt(cost: Cost, size: number): number {
  const small: number[] = [];
  const large: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    small.push(cpuMs(cost, size / FACTOR));
    large.push(cpuMs(cost, size));
    if ((large[0] as number) > LONG_MS) break;
  }
  while (small.length < RUNS) small.push(cpuMs(cost, size / FACTOR));
  const after = large.reduce((best, each) => Math.min(best, each));
  return after < NOISE_MS ? 0 : after / Math.max(median(small), LEAST_MS);
}

/** Whether the growth is that of the work, and not of the machine at one size. */
function growsInEachStep(cost: Cost, size: number): boolean {
  const [small, middle, large] = [size / FACTOR, size / STEP, size].map((each) =>
    median(Array.from({ length: RUNS }, () => cpuMs(cost, each))),
  ) as [number, number, number];
  return middle > MOST_STEP_GROWTH * Math.max(small, LEAST_MS / STEP) && large > MOST_STEP_GROWTH * middle;
}

/** The time that this process had for the work, in milliseconds, whoever else had the machine meanwhile. */
function cpuMs({ prepare }: Cost, size: number): number {
  const work = prepare(size);
  const before = process.cpuUsage();
  try {
    work();
  } catch {
    // To refuse is fine, as long as it is quick.
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[values.length >> 1] as number;
}

/** Costs of one work on texts of many shapes. */
export function textCosts(
  name: string,
  shapes: Readonly<Record<string, (size: number) => string>>,
  work: (text: string) => unknown,
  largest?: number,
): Cost[] {
  return Object.entries(shapes).map(([shape, make]) => ({
    name: `${name}, ${shape}`,
    ...(largest === undefined ? {} : { largest }),
    prepare: (size) => {
      // Flat: a text of many parts is put together when it is looked at first.
      const text = Buffer.from(make(size)).toString();
      return () => work(text);
    },
  }));
}

/** So many times as fit into the size. */
export function fill(text: string, size: number): string {
  return text.repeat(Math.max(1, Math.floor(size / text.length)));
}

/** A list of different parts. */
export function list(
  size: number,
  partBytes: number,
  part: (index: number) => string,
  between = ',',
): string {
  return Array.from({ length: Math.max(1, Math.floor(size / partBytes)) }, (_, index) => part(index)).join(
    between,
  );
}
