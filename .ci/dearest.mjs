// Names the test files that cost most, so that the next change is seen: twenty by processor time, and ten that waited longest for anything else.
//
//     node .ci/dearest.mjs LOG     LOG: what `npm run tap` printed, as TAP
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const DEAREST = 20;
const LONGEST_WAITS = 10;

/** Each test file of a run, with its processor time and how long it took, in seconds. */
export function costs(log) {
  const files = [];
  let cpu = 0;
  for (const line of log.split('\n')) {
    const said = /^ {4}# cpu=([\d.]+)s$/.exec(line);
    if (said !== null) cpu = Number(said[1]);
    const end = /^(?:not )?ok \d+ - (\S+\.test\.m?[jt]s) # time=([\d.]+)ms$/.exec(line);
    if (end === null) continue;
    files.push({ file: end[1], cpu, took: Number(end[2]) / 1_000 });
    cpu = 0;
  }
  return files;
}

/** The lines to print. */
export function dearest(log) {
  const files = costs(log);
  const total = (field) => files.reduce((sum, one) => sum + one[field], 0).toFixed(0);
  const line = ({ file, cpu, took }) =>
    `${cpu.toFixed(1).padStart(8)} ${took.toFixed(1).padStart(8)}  ${file}`;
  const waited = ({ cpu, took }) => took - cpu;
  return [
    `${files.length} test files took ${total('took')} s together, and ${total('cpu')} s of processor time`,
    `the dearest ${DEAREST}: processor time in seconds, how long it took, file`,
    ...files
      .toSorted((a, b) => b.cpu - a.cpu)
      .slice(0, DEAREST)
      .map(line),
    `the ${LONGEST_WAITS} that waited longest: the same`,
    ...files
      .toSorted((a, b) => waited(b) - waited(a))
      .slice(0, LONGEST_WAITS)
      .map(line),
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const line of dearest(readFileSync(process.argv[2], 'utf8'))) console.log(line);
}
