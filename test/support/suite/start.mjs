// `node start.mjs BUNDLED TEST`: runs a test from what `bundle.mjs` made of it, and says at the end what it cost. What is left of the line
// is as if the test itself had been started, because tap names fixtures by that.
import { readFileSync, writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** Ticks a second in /proc, the same on every Linux that Node runs on. */
const TICKS = 100;

/** Processor time of this process, and on Linux that of the processes it has started and seen end, in seconds. */
function processorSeconds() {
  const { user, system } = process.cpuUsage();
  let ended = 0;
  try {
    const behindName = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1).split(' ');
    ended = (Number(behindName[13]) + Number(behindName[14])) / TICKS;
  } catch {
    // Elsewhere there is no such file.
  }
  return (user + system) / 1e6 + ended;
}

process.once('exit', () => {
  try {
    writeSync(1, `# cpu=${processorSeconds().toFixed(2)}s\n`);
  } catch {
    // Whoever reads it is gone.
  }
});

const [, bundled] = process.argv.splice(1, 2);
await import(pathToFileURL(bundled).href);
