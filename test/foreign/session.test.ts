import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { sluice } from '../support/process.js';
import { folder, generateSession, python, skip } from './python.js';

/** The level of pino at which something needs a look. */
const WARN = 40;

t.test('a session with a client in Python that shares nothing with the gateway', { skip }, async (t) => {
  const any = '127.0.0.1:0';
  const listen = ['--listen', any, '--core-listen', any, '--admin-listen', any, '--no-page'];
  const both = sluice(t, ['start', ...listen, '--data-dir', folder(t)]);
  const { hostname, port } = new URL(String((await both.line('gateway listening')).url));
  const script = fileURLToPath(new URL('session_client.py', import.meta.url));
  const args = [script, generateSession(t), hostname, port];
  const { stdout, stderr, status } = spawnSync(python as string, args, {
    encoding: 'utf8',
    timeout: 150_000,
  });
  t.equal(status, 0, stderr.slice(-500));
  const lines = stdout.split('\n').filter(Boolean);
  for (const line of lines) {
    const { check, ok, got } = JSON.parse(line) as { check: string; ok: boolean; got: string };
    t.ok(ok, check, ok ? {} : { got });
  }
  t.ok(lines.length > 20, 'every check was made');
  both.child.kill('SIGTERM');
  t.equal(await both.exit, 0);
  const failures = both.lines.filter((line) => JSON.parse(line).level >= WARN);
  t.same(failures, [], 'nothing that the client does is a failure of the gateway');
});
