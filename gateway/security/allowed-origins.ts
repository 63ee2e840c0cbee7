/** Schemes of which no page is. */
const NO_PAGES = new Set(['ws:', 'wss:', 'ftp:']);

/** An origin of a scheme that only some programs know, as `capacitor://localhost`: it has no canonical form that we could compare with. */
const OTHER_SCHEME = /^[a-z][a-z\d+.-]*:\/\/[a-z\d._-]+(?::\d{1,5})?$/;

/** What `*` stands for in `https://*.example.com`: one label or more. */
const LABELS = /^[a-z\d_-]+(?:\.[a-z\d_-]+)*$/;

/** What an origin of pages of the web has before and behind its labels. */
interface Pattern {
  readonly before: string;
  readonly behind: string;
}

/**
 * The origins, besides our own, whose pages may call: `https://app.example.com`, `https://*.example.com` for all names below one (not for
 * `example.com` itself), `capacitor://localhost` and other schemes of programs, `null` for pages without an origin (files, sandboxed frames), `*`
 * for all. Throws a TypeError that names what can never be an origin, and what is meant by it.
 */
export class AllowedOrigins {
  readonly isAny: boolean;
  readonly isEmpty: boolean;
  readonly #exact: ReadonlySet<string>;
  readonly #patterns: readonly Pattern[];

  constructor(given: readonly string[]) {
    for (const one of given) assertOrigin(one);
    this.isAny = given.includes('*');
    this.isEmpty = given.length === 0;
    this.#exact = new Set(given.filter((one) => !one.includes('*')));
    this.#patterns = given.filter((one) => one.includes('://*.')).map(patternOf);
  }

  /** Whether pages of this origin, as `Origin` has it, may call. */
  has(origin: string): boolean {
    return this.isAny || this.#has(origin);
  }

  /** The same for what a browser does by itself for any page: `*` and `null` are nobody in particular. */
  names(origin: string): boolean {
    return origin !== 'null' && this.#has(origin);
  }

  #has(origin: string): boolean {
    const name = origin.toLowerCase();
    return this.#exact.has(name) || this.#patterns.some((pattern) => fits(name, pattern));
  }
}

function patternOf(given: string): Pattern {
  const star = given.indexOf('*');
  return { before: given.slice(0, star), behind: given.slice(star + 1) };
}

function fits(origin: string, { before, behind }: Pattern): boolean {
  if (origin.length <= before.length + behind.length) return false;
  if (!origin.startsWith(before) || !origin.endsWith(behind)) return false;
  return LABELS.test(origin.slice(before.length, -behind.length));
}

function assertOrigin(given: string): void {
  if (given === '*' || given === 'null' || given === 'file://') return;
  // A name in the place of the star: what is no origin with it is none with any.
  const isPattern = /^https?:\/\/\*\.[^.:]/.test(given);
  const sample = isPattern ? given.replace('*', 'a') : given;
  const url = URL.canParse(sample) ? new URL(sample) : undefined;
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
  const isOther = url !== undefined && !isWeb && !NO_PAGES.has(url.protocol) && OTHER_SCHEME.test(sample);
  if (isWeb && url !== undefined && !sample.includes('*') && url.origin === sample) return;
  if (isOther) return;
  const meant = isWeb && url !== undefined && !sample.includes('*') ? url.origin : undefined;
  const hint =
    meant === undefined ? 'https://app.example.com' : isPattern ? meant.replace('//a.', '//*.') : meant;
  throw new TypeError(
    `allowed origin ${JSON.stringify(given)}: no browser sends it: write it like ${hint}, in lower case, with a scheme, without a path and without the scheme's own port`,
  );
}
