import { loadBundle } from './load-bundle.js';
import { Signals } from './signals.js';

// What `dist/bin/sluice.js` is made of: the same as `sluice.ts`, with everything else in one file.
// Before that is loaded: a signal that nobody listens for kills.
const signals = new Signals();
// A reader that has seen enough (`| head -1`) is no reason for a stack trace.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
const argv = process.argv.slice(2);
void loadBundle<typeof import('./main.js')>(require, __dirname, argv[0]).main(argv, signals);
