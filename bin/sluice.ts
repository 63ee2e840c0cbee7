#!/usr/bin/env node
import { Signals } from './signals.js';

// Before everything else, which takes most of a second to load: a signal that nobody listens for kills.
const signals = new Signals();
// A reader that has seen enough (`| head -1`) is no reason for a stack trace.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
const { main } = await import('./main.js');
await main(process.argv.slice(2), signals);
