import { readFileSync } from 'node:fs';

/** The version of this package. */
export function readVersion(): string {
  // One folder up from source, two from dist.
  const file = /\/dist\/(?:bin|command)\//.test(import.meta.url) ? '../../package.json' : '../package.json';
  const { version } = JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as { version: string };
  return version;
}
