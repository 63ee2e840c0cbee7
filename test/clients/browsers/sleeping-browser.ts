import { readdirSync, readFileSync } from 'node:fs';
import type { Browser } from 'puppeteer-core';

/** Stops every process of a browser, as a laptop does that is closed; they go on when the returned function is called. */
export function sleep(browser: Browser): () => void {
  const first = browser.process()?.pid;
  if (first === undefined) throw new Error('the browser has no process of ours');
  const pids = treeOf(first);
  const tell = (signal: NodeJS.Signals) => {
    for (const pid of pids) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended by itself.
      }
    }
  };
  tell('SIGSTOP');
  return () => tell('SIGCONT');
}

/** A process and all that come from it. */
function treeOf(first: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // The name of the program stands in brackets, and may have any character.
      const parent = Number(/.*\) \S (\d+)/s.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))?.[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // It has ended meanwhile.
    }
  }
  const pids = [first];
  for (const pid of pids) for (const child of children.get(pid) ?? []) pids.push(child);
  return pids;
}
