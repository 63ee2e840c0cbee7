// Runs command lines that end, one after the other in this process, and sends back how each ended. Only for `command-lines.ts`.
import { Signals } from '../../dist/command/signals.js';

/** Thrown where the command would have ended its process. */
class Exit extends Error {
  constructor(code) {
    super(`exit ${code}`);
    this.code = code;
  }
}

const { main } = await import('../../dist/command/main.js');
const signals = new Signals();
process.exit = (code) => {
  throw new Exit(code ?? 0);
};

async function runOne({ args, environment }) {
  const written = { stdout: '', stderr: '' };
  const real = { stdout: process.stdout.write, stderr: process.stderr.write };
  for (const name of ['stdout', 'stderr']) {
    process[name].write = (text) => {
      written[name] += text;
      return true;
    };
  }
  process.env = { PATH: process.env.PATH, ...environment };
  process.exitCode = undefined;
  let code = 'still running';
  try {
    await main(args, signals);
    // Help and version end by themselves; what serves has no end here, and the test says so.
    if (written.stdout !== '') code = process.exitCode ?? 0;
  } catch (reason) {
    if (!(reason instanceof Exit)) throw reason;
    code = reason.code;
  } finally {
    for (const name of ['stdout', 'stderr']) process[name].write = real[name];
  }
  return { code, lines: linesOf(written.stdout), errors: linesOf(written.stderr) };
}

function linesOf(text) {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

process.on('message', async (lines) => {
  const ended = [];
  for (const line of lines) ended.push(await runOne(line));
  process.send(ended, () => process.disconnect());
});
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
