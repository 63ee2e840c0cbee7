import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { openOwnService } from '../../support/own-service.js';
import { COMMAND } from '../../support/process.js';

const PROTO = `
  message Item { string text = 1; }
  service S { rpc Down(Item) returns (stream Item); }`;

/** A call whose answer nobody takes: its pipe is full. */
async function stuckCall(t: Test) {
  const text = 'x'.repeat(100_000);
  const service = await openOwnService(t, PROTO, (encode) => ({
    Down: [{ in: 'end' }, { out: encode('Item', { text }), times: 1_000 }, { wait: new Promise(() => {}) }],
  }));
  const child = spawn(process.execPath, [COMMAND, 'call', service.url, 'Down'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH },
  });
  t.teardown(() => child.kill('SIGKILL'));
  const exit = once(child, 'exit');
  await once(child.stdout, 'readable');
  return { ...service, child, exit };
}

/** The first chunk and no other: the rest stays in the pipe. */
async function rest({ stdout }: ChildProcess): Promise<number> {
  let bytes = 0;
  if (stdout !== null) for await (const chunk of stdout) bytes += (chunk as Buffer).length;
  return bytes;
}

t.test(
  'Ctrl-C cancels a call that waits for its reader, and what the reader has not taken stays there',
  async (t) => {
    const { child, exit, upstream } = await stuckCall(t);
    child.kill('SIGINT');
    const call = await upstream.call('/t.S/Down');
    await call.over;
    t.equal(call.cancelled, true);
    t.ok((await rest(child)) > 0);
    t.same(await exit, [130, null]);
  },
);

t.test('a second Ctrl-C ends it at once, with the exit code of shells', async (t) => {
  const { child, exit, upstream } = await stuckCall(t);
  child.kill('SIGINT');
  const call = await upstream.call('/t.S/Down');
  await call.over;
  t.equal(child.exitCode, null, 'it waits for its reader');
  child.kill('SIGINT');
  t.same(await exit, [130, null]);
});
