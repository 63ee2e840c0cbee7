import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const soak = fileURLToPath(new URL('../../soak/bounds/run.mjs', import.meta.url));

// Nine processes: a busy machine needs minutes.
t.setTimeout(600_000);

// The small version of what `npm run soak` does with a thousand clients: the gateway in a process of its own, and bytes instead of clocks.
t.test('stalled clients cost no more than docs/bounds.md says', async (t) => {
  t.setTimeout(600_000);
  const rows = ['sse, small', 'ws-binary, large', 'ndjson-up, small'];
  const sizes = [
    '--measure',
    'held',
    '--readers',
    '60',
    '--large-readers',
    '8',
    '--hold-ms',
    '500',
    '--quiet-ms',
    '900',
    '--side-by-side',
    '3',
  ];
  const child = spawn(process.execPath, [soak, ...sizes, ...rows.flatMap((row) => ['--row', row])], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  t.comment(output);
  t.equal(code, 0, errors);
  t.equal(output.split('\n').filter((line) => / ok( |$)/.test(line)).length, rows.length);
});
