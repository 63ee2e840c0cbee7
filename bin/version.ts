import { readFileSync } from 'node:fs';

/** The version of this package. */
export function readVersion(): string {
  // One folder up from source, two from dist.
  const file = import.meta.url.includes('/dist/bin/') ? '../../package.json' : '../package.json';
  const { version } = JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as { version: string };
  return version;
}
