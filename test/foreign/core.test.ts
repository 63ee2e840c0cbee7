import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { sluice } from '../support/process.js';
import { startGateway } from './peer.js';
import { folder, generateCore, python, skip } from './python.js';

/** Runs every check of the client in Python against an address. */
function checkClient(t: Test, address: string): void {
  const script = fileURLToPath(new URL('core_client.py', import.meta.url));
  const { stdout, stderr, status } = spawnSync(python as string, [script, generateCore(t), address], {
    encoding: 'utf8',
    timeout: 150_000,
  });
  t.equal(status, 0, stderr.slice(-500));
  const lines = stdout.split('\n').filter(Boolean);
  for (const line of lines) {
    const { check, ok, got } = JSON.parse(line) as { check: string; ok: boolean; got: string };
    t.ok(ok, check, ok ? {} : { got });
  }
  t.ok(lines.length > 30, 'every check was made');
}

t.test('the core answers a native client in Python', { skip }, async (t) => {
  const core = sluice(t, ['core', '--listen', '127.0.0.1:0', '--data-dir', folder(t)]);
  const { address } = await core.line('core listening');
  checkClient(t, String(address));
  core.child.kill('SIGTERM');
  t.equal(await core.exit, 0);
  t.same(core.errors, [], 'nothing on standard error');
});

t.test('the gateway answers the same client as the core does', { skip }, async (t) => {
  const core = sluice(t, ['core', '--listen', '127.0.0.1:0', '--data-dir', folder(t)]);
  const { address } = await core.line('core listening');
  const url = await startGateway(t, String(address));
  checkClient(t, new URL(url).host);
});
